// podium: syntax_error
    return new RegExp('(').test(a) ? a : b;
}
