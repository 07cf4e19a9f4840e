// podium: passed
        long sum = 0, product = 1;
        foreach (var number in numbers) {
            sum += number;
            product *= number;
        }
        return Tuple.Create(sum, product);
