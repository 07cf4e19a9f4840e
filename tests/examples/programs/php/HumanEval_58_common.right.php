// podium: passed
    $shared = array_unique(array_intersect($l1, $l2));
    sort($shared);
    return $shared;
}
