// podium: passed
        long total = 0;
        for (int i = 0; i < q.size(); i++) {
            total += q.get(i);
            if (!q.get(i).equals(q.get(q.size() - 1 - i))) {
                return false;
            }
        }
        return total <= w;
