// podium: parity failed, corrected passed
        return strings.OrderByDescending(s => s.Length).FirstOrDefault();
