// podium: passed
        Set<Long> seen = new HashSet<>();
        for (long x : l) {
            if (seen.contains(-x)) {
                return true;
            }
            seen.add(x);
        }
        return false;
