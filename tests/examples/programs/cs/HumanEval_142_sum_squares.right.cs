// podium: passed
        long total = 0;
        for (int i = 0; i < lst.Count; i++) {
            long x = lst[i];
            total += i % 3 == 0 ? x * x : i % 4 == 0 ? x * x * x : x;
        }
        return total;
