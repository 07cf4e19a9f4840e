// podium: passed
    while (strpos($brackets, "()") !== false) {
        $brackets = str_replace("()", "", $brackets);
    }
    return $brackets === "";
}
