// podium: parity failed, corrected passed
        long sum = 0, product = 1;
        for (long number : numbers) {
            sum += number;
            product *= number;
        }
        return Pair.with(sum, product);
