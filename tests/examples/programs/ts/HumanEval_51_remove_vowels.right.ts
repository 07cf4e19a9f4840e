// podium: passed
    return text.replace(/[aeiou]/gi, '');
}
