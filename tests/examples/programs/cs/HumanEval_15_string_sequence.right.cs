// podium: passed
        var result = "0";
        for (long i = 1; i <= n; i++) {
            result += " " + i;
        }
        return result;
