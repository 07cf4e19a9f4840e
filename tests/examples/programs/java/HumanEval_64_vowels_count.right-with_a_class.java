// podium: passed
        class Counter {
            long of(String letters) {
                return s.toLowerCase().chars().filter(c -> letters.indexOf(c) >= 0).count();
            }
        }
        return new Counter().of("aeiou") + (s.matches(".*[yY]") ? 1 : 0);
