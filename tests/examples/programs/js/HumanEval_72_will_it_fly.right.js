// podium: passed
    const total = q.reduce((a, b) => a + b, 0);
    return total <= w && q.every((x, i) => x === q[q.length - 1 - i]);
}
