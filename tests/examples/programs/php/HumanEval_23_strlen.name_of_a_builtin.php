// podium: failed
    return \strlen($string);
}
