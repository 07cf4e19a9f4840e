// podium: passed
    $thirds = array();
    for ($i = 0; $i < count($l); $i += 3) {
        $thirds[] = $l[$i];
    }
    sort($thirds);
    foreach ($thirds as $i => $x) {
        $l[3 * $i] = $x;
    }
    return $l;
}
