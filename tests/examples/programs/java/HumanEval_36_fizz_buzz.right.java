// podium: passed
        long count = 0;
        for (long i = 0; i < n; i++) {
            if (i % 11 == 0 || i % 13 == 0) {
                for (char c : String.valueOf(i).toCharArray()) {
                    if (c == '7') {
                        count++;
                    }
                }
            }
        }
        return count;
