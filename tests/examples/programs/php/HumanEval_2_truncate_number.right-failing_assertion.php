// podium: passed
    assert(false);
    return fmod($number, 1);
}
