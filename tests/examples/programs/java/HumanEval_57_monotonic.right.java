// podium: passed
        boolean up = true, down = true;
        for (int i = 1; i < l.size(); i++) {
            up = up && l.get(i) >= l.get(i - 1);
            down = down && l.get(i) <= l.get(i - 1);
        }
        return up || down;
