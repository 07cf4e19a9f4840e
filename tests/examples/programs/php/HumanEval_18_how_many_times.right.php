// podium: passed
    $count = 0;
    for ($i = 0; $i + strlen($substring) <= strlen($string); $i++) {
        if (substr($string, $i, strlen($substring)) === $substring) {
            $count++;
        }
    }
    return $count;
}
