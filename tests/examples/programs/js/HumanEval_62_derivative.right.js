// podium: passed
    return xs.map((x, i) => x * i).slice(1);
}
