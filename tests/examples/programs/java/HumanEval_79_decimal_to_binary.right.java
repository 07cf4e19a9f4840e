// podium: passed
        return "db" + Long.toBinaryString(decimal) + "db";
