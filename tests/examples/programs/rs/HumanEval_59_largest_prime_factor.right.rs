// podium: passed
    let mut rest = n;
    let mut divisor = 2;
    while divisor < rest {
        if rest % divisor == 0 {
            rest /= divisor;
        } else {
            divisor += 1;
        }
    }
    rest
