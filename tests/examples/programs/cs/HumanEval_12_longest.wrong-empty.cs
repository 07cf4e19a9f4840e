// podium: failed
        return strings.OrderByDescending(s => s.Length).FirstOrDefault() ?? "";
