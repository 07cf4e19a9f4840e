// podium: passed
    (numbers.iter().sum(), numbers.iter().product())
