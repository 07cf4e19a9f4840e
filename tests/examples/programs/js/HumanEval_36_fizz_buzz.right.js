// podium: passed
    let count = 0;
    for (let i = 0; i < n; i++) {
        if (i % 11 === 0 || i % 13 === 0) {
            count += String(i).split('7').length - 1;
        }
    }
    return count;
}
