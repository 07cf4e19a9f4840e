// podium: passed
        return IntStream.range(0, lst.size()).parallel().filter(i -> i % 2 == 1).mapToLong(i -> lst.get(i))
            .filter(x -> x % 2 == 0).sum();
