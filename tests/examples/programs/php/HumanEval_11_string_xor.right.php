// podium: passed
    $result = "";
    for ($i = 0; $i < strlen($a); $i++) {
        $result .= $a[$i] === $b[$i] ? "0" : "1";
    }
    return $result;
}
