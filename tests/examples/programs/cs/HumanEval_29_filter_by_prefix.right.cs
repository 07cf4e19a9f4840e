// podium: parity failed, corrected passed
        return strings.Where(s => s.StartsWith(prefix)).ToList();
