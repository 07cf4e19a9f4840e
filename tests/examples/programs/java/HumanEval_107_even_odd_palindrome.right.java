// podium: parity failed, corrected passed
        long even = 0, odd = 0;
        for (long i = 1; i <= n; i++) {
            String text = Long.toString(i);
            if (new StringBuilder(text).reverse().toString().equals(text)) {
                if (i % 2 == 0) {
                    even++;
                } else {
                    odd++;
                }
            }
        }
        return Pair.with(even, odd);
