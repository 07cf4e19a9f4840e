// podium: passed
        long total = 0;
        for (char c : s.toCharArray()) {
            if (c >= 'A' && c <= 'Z') {
                total += c;
            }
        }
        return total;
