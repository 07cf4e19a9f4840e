// podium: passed
    foreach ($l as $x) {
        if ($x >= $t) {
            return false;
        }
    }
    return true;
}
