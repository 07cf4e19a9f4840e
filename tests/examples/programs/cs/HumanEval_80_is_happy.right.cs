// podium: passed
        if (s.Length < 3) {
            return false;
        }
        for (int i = 2; i < s.Length; i++) {
            if (s.Substring(i - 2, 3).Distinct().Count() < 3) {
                return false;
            }
        }
        return true;
