// podium: syntax_error
    return eval('return (;');
}
