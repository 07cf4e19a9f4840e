// podium: passed
    const sum: any = x + y;
    return sum;
}
