// podium: parity failed, corrected passed
        return l.Select(x => x + 1).ToList();
