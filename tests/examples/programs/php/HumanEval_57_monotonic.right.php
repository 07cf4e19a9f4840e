// podium: passed
    $up = $down = true;
    for ($i = 1; $i < count($l); $i++) {
        $up = $up && $l[$i] >= $l[$i - 1];
        $down = $down && $l[$i] <= $l[$i - 1];
    }
    return $up || $down;
}
