// podium: passed
        return string.Join("", strings);
