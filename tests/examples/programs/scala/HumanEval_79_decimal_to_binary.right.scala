// podium: passed
        "db" + decimal.toBinaryString + "db"
