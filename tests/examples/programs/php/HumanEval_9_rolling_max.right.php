// podium: passed
    $result = array();
    $best = null;
    foreach ($numbers as $number) {
        $best = $best === null ? $number : max($best, $number);
        $result[] = $best;
    }
    return $result;
}
