// podium: passed
        return "db" + Convert.ToString(decimalNum, 2) + "db";
