// podium: failed
    return mb_strlen($string);
}
