// podium: passed
    for (let divisor = n - 1; divisor > 0; divisor--) {
        if (n % divisor === 0) {
            return divisor;
        }
    }
    return 1;
}
