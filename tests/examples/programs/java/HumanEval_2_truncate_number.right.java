// podium: passed
        return number - (float) Math.floor(number);
