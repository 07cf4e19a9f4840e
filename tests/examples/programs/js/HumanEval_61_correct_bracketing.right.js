// podium: passed
    let depth = 0;
    for (const c of brackets) {
        if (c === '(') {
            depth++;
        } else {
            depth--;
        }
        if (depth < 0) {
            return false;
        }
    }
    return depth === 0;
}
