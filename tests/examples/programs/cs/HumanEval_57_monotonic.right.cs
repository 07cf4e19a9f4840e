// podium: passed
        bool up = true, down = true;
        for (int i = 1; i < l.Count; i++) {
            up = up && l[i] >= l[i - 1];
            down = down && l[i] <= l[i - 1];
        }
        return up || down;
