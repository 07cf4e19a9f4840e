// podium: parity failed, corrected passed
        return l.Distinct().OrderBy(x => x).ToList();
