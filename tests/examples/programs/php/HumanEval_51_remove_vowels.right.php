// podium: passed
    return preg_replace('/[aeiou]/i', '', $text);
}
