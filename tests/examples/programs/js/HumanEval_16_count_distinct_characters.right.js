// podium: passed
    return new Set(string.toLowerCase()).size;
}
