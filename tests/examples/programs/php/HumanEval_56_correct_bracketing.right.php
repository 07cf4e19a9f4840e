// podium: passed
    $depth = 0;
    for ($i = 0; $i < strlen($brackets); $i++) {
        $depth += $brackets[$i] === "<" ? 1 : -1;
        if ($depth < 0) {
            return false;
        }
    }
    return $depth === 0;
}
