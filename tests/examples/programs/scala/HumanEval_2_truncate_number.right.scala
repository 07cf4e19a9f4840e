// podium: passed
        number - number.toInt
