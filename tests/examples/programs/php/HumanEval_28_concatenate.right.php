// podium: passed
    return implode("", $strings);
}
