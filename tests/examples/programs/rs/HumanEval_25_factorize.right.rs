// podium: passed
    let mut rest = n;
    let mut factors = vec![];
    let mut divisor = 2;
    while rest > 1 {
        if rest % divisor == 0 {
            factors.push(divisor);
            rest /= divisor;
        } else {
            divisor += 1;
        }
    }
    factors
