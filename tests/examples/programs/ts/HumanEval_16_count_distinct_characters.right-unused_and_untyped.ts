// podium: passed
    let unused;
    const seen = {};
    for (const c of string.toLowerCase()) {
        seen[c] = true;
    }
    return Object.keys(seen).length;
}
