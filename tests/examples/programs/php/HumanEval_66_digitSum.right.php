// podium: passed
    $total = 0;
    for ($i = 0; $i < strlen($s); $i++) {
        if (ctype_upper($s[$i])) {
            $total += ord($s[$i]);
        }
    }
    return $total;
}
