// podium: passed
    $total = 0;
    for ($i = 1; $i < count($lst); $i += 2) {
        if ($lst[$i] % 2 === 0) {
            $total += $lst[$i];
        }
    }
    return $total;
}
