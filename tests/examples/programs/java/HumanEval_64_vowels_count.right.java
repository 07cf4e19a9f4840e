// podium: passed
        long count = 0;
        for (char c : s.toLowerCase().toCharArray()) {
            if ("aeiou".indexOf(c) >= 0) {
                count++;
            }
        }
        if (s.toLowerCase().endsWith("y")) {
            count++;
        }
        return count;
