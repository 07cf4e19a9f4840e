// podium: failed
    return (a % 10) * (b % 10);
}
