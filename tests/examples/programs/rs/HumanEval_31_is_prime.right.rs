// podium: passed
    n > 1 && (2..n).take_while(|i| i * i <= n).all(|i| n % i != 0)
