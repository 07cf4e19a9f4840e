// podium: passed
        float mean = numbers.Sum() / numbers.Count;
        return numbers.Select(x => Math.Abs(x - mean)).Sum() / numbers.Count;
