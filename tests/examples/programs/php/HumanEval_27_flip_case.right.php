// podium: passed
    return strtolower($string) ^ strtoupper($string) ^ $string;
}
