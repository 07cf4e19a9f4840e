// podium: passed
    long a = 0, b = 0, c = 1;
    while (n-- > 0) {
        long next = a + b + c;
        a = b;
        b = c;
        c = next;
    }
    return a;
