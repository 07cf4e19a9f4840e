// podium: passed
    $result = array();
    for ($i = 1; $i <= strlen($string); $i++) {
        $result[] = substr($string, 0, $i);
    }
    return $result;
}
