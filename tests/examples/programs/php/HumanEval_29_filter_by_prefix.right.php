// podium: passed
    $result = array();
    foreach ($strings as $string) {
        if (strncmp($string, $prefix, strlen($prefix)) === 0) {
            $result[] = $string;
        }
    }
    return $result;
}
