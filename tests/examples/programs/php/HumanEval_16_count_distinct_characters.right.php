// podium: passed
    $seen = array();
    foreach (str_split(strtolower($string)) as $character) {
        if ($character !== "") {
            $seen[$character] = true;
        }
    }
    return count($seen);
}
