// podium: passed
        long count = 0;
        for (int i = 0; i + substring.Length <= str.Length; i++) {
            if (str.Substring(i, substring.Length) == substring) {
                count++;
            }
        }
        return count;
