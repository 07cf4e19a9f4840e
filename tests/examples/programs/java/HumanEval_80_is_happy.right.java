// podium: passed
        if (s.length() < 3) {
            return false;
        }
        for (int i = 2; i < s.length(); i++) {
            char a = s.charAt(i - 2), b = s.charAt(i - 1), c = s.charAt(i);
            if (a == b || b == c || a == c) {
                return false;
            }
        }
        return true;
