// podium: passed
        if (arr.Count == 0) {
            return null;
        }
        long sign = 1, total = 0;
        foreach (var x in arr) {
            sign *= Math.Sign(x);
            total += Math.Abs(x);
        }
        return sign * total;
