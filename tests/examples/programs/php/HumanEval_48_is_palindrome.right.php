// podium: passed
    return strrev($text) === $text;
}
