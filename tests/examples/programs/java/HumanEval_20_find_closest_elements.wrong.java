// podium: failed
        return Pair.with(numbers.get(0), numbers.get(1));
