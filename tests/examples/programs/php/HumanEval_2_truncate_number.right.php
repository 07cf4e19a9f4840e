// podium: passed
    return fmod($number, 1);
}
