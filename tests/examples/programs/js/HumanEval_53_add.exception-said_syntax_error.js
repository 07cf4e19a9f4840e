// podium: syntax_error
    console.log('SyntaxError');
    process.exit(2);
}
