// podium: passed
    if (s.length < 3) {
        return false;
    }
    for (let i = 2; i < s.length; i++) {
        if (new Set(s.slice(i - 2, i + 1)).size !== 3) {
            return false;
        }
    }
    return true;
}
