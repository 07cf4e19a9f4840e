// podium: passed
        return (long)(new BigInteger(x) + y);
