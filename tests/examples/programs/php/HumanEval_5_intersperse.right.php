// podium: passed
    $result = array();
    foreach ($numbers as $i => $number) {
        if ($i > 0) {
            $result[] = $delimeter;
        }
        $result[] = $number;
    }
    return $result;
}
