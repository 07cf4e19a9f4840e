// podium: timed_out
    setInterval(() => 0, 1000);
    for (let divisor = n - 1; divisor > 0; divisor--) {
        if (n % divisor === 0) {
            return divisor;
        }
    }
    return 1;
}
