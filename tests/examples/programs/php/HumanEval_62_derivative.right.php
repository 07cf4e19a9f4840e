// podium: passed
    $result = array();
    for ($i = 1; $i < count($xs); $i++) {
        $result[] = $i * $xs[$i];
    }
    return $result;
}
