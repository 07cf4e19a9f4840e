// podium: passed
        var seen = new HashSet<long>();
        foreach (var x in l) {
            if (seen.Contains(-x)) {
                return true;
            }
            seen.Add(x);
        }
        return false;
