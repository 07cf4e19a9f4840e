// podium: passed
    return text == String(text.reversed())
