// podium: passed
    return array_sum(range(1, $n));
}
