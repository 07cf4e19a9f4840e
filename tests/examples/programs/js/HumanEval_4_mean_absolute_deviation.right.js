// podium: passed
    const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
    return numbers.reduce((sum, number) => sum + Math.abs(number - mean), 0) / numbers.length;
}
