// podium: parity failed, corrected passed
        return l.Where(x => x > 0).ToList();
