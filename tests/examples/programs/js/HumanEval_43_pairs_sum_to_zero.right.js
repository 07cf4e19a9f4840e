// podium: passed
    return l.some((x, i) => l.some((y, j) => i !== j && x + y === 0));
}
