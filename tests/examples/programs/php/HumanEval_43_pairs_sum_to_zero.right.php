// podium: passed
    foreach ($l as $i => $x) {
        foreach ($l as $j => $y) {
            if ($i !== $j && $x + $y === 0) {
                return true;
            }
        }
    }
    return false;
}
