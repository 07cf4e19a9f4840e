// podium: passed
    return Math.abs(a % 10) * Math.abs(b % 10);
}
