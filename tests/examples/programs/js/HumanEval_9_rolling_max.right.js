// podium: passed
    let best = -Infinity;
    return numbers.map(number => {
        best = Math.max(best, number);
        return best;
    });
}
