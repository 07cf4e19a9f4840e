// podium: passed
    const result = [];
    numbers.forEach((number, i) => {
        if (i > 0) {
            result.push(delimeter);
        }
        result.push(number);
    });
    return result;
}
