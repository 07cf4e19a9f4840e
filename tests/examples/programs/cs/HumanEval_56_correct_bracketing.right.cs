// podium: passed
        int depth = 0;
        foreach (var c in brackets) {
            depth += c == '<' ? 1 : -1;
            if (depth < 0) {
                return false;
            }
        }
        return depth == 0;
