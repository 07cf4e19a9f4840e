// podium: failed
        return new Dictionary<string, long>();
