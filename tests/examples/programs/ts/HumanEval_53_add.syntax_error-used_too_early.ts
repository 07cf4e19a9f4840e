// podium: syntax_error
    if (x === 0) {
        return later;
    }
    let later = 1;
    return x + y;
}
