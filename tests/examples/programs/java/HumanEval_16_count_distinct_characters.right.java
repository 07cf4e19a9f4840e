// podium: passed
        return string.toLowerCase().chars().distinct().count();
