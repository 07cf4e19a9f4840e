// podium: passed
    return strings.filter(string => string.startsWith(prefix));
}
