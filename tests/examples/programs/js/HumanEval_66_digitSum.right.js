// podium: passed
    let total = 0;
    for (const c of s) {
        if (c >= 'A' && c <= 'Z') {
            total += c.charCodeAt(0);
        }
    }
    return total;
}
