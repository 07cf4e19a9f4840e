// podium: parity failed, corrected passed
        var counts = test.Split(' ').Where(w => w != "").GroupBy(w => w).ToDictionary(g => g.Key, g => (long)g.Count());
        return counts.Where(p => p.Value == counts.Values.Max()).ToDictionary(p => p.Key, p => p.Value);
