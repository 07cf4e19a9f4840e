// podium: passed
    $count = 0;
    for ($i = 0; $i < $n; $i++) {
        if ($i % 11 === 0 || $i % 13 === 0) {
            $count += substr_count((string) $i, "7");
        }
    }
    return $count;
}
