// podium: passed
        return number - (float)Math.Floor(number);
