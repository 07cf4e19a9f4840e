// podium: passed
    if b == 0 {
        return a;
    }
    greatest_common_divisor(b, a % b)
