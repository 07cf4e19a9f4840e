// podium: parity failed, corrected passed
        return xs.Select((x, i) => i * x).Skip(1).ToList();
