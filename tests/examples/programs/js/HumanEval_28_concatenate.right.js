// podium: passed
    return strings.join('');
}
