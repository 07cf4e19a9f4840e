// podium: passed
        return y % 2 == 0 && y >= x ? y : y - 1 >= x ? y - 1 : -1;
