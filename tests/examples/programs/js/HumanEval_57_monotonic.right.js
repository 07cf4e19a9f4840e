// podium: passed
    const up = l.every((x, i) => i === 0 || x >= l[i - 1]);
    const down = l.every((x, i) => i === 0 || x <= l[i - 1]);
    return up || down;
}
