// podium: parity failed, corrected passed
        var counts = new Dictionary<string, long>();
        foreach (var word in test.Split(' ').Where(w => w != "").OrderByDescending(w => w)) {
            counts[word] = counts.ContainsKey(word) ? counts[word] + 1 : 1;
        }
        return counts.Where(p => p.Value == counts.Values.Max()).ToDictionary(p => p.Key, p => p.Value);
