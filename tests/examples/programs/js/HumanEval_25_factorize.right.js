// podium: passed
    const factors = [];
    for (let p = 2; p <= n; p++) {
        while (n % p === 0) {
            factors.push(p);
            n /= p;
        }
    }
    return factors;
}
