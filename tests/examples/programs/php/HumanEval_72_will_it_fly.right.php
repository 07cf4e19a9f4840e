// podium: passed
    return $q === array_reverse($q) && array_sum($q) <= $w;
}
