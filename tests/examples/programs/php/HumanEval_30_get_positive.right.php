// podium: passed
    $result = array();
    foreach ($l as $x) {
        if ($x > 0) {
            $result[] = $x;
        }
    }
    return $result;
}
