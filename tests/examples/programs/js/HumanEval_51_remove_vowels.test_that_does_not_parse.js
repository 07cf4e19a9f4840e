// podium: syntax_error
    return text.replace(/[aeiou]/gi, '');
}
