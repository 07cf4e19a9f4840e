// podium: parity failed, corrected passed
        return l1.Intersect(l2).OrderBy(x => x).ToList();
