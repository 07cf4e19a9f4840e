// podium: passed
    if (strlen($s) < 3) {
        return false;
    }
    for ($i = 2; $i < strlen($s); $i++) {
        if ($s[$i] === $s[$i - 1] || $s[$i] === $s[$i - 2] || $s[$i - 1] === $s[$i - 2]) {
            return false;
        }
    }
    return true;
}
