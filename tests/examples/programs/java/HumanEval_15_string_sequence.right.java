// podium: passed
        StringBuilder result = new StringBuilder("0");
        for (long i = 1; i <= n; i++) {
            result.append(" ").append(i);
        }
        return result.toString();
