// podium: passed
    return preg_match_all('/[aeiou]|y$/i', $s);
}
