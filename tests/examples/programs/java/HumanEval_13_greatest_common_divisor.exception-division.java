// podium: failed
        return a % b == 0 ? b : greatestCommonDivisor(b, 0);
