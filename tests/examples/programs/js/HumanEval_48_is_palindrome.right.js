// podium: passed
    return text === text.split('').reverse().join('');
}
