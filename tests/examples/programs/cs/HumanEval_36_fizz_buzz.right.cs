// podium: passed
        long count = 0;
        for (long i = 0; i < n; i++) {
            if (i % 11 == 0 || i % 13 == 0) {
                count += i.ToString().Count(c => c == '7');
            }
        }
        return count;
