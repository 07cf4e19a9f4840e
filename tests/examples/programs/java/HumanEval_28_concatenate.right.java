// podium: passed
        return String.join("", strings);
