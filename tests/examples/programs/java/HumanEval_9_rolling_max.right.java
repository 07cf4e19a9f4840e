// podium: passed
        ArrayList<Long> result = new ArrayList<>();
        long best = Long.MIN_VALUE;
        for (long number : numbers) {
            best = Math.max(best, number);
            result.add(best);
        }
        return result;
