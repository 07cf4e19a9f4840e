// podium: passed
        return str.ToLower().Distinct().Count();
