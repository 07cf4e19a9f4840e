// podium: passed
    return (s.match(/[aeiou]|y$/gi) || []).length;
}
