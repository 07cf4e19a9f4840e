// podium: passed
        for (int i = 0; i < q.Count; i++) {
            if (q[i] != q[q.Count - 1 - i]) {
                return false;
            }
        }
        return q.Sum() <= w;
