// podium: passed
    let count = 0;
    for (let i = 0; i < string.length; i++) {
        if (string.startsWith(substring, i)) {
            count++;
        }
    }
    return count;
}
