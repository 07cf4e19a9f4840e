// podium: passed
    text.chars().eq(text.chars().rev())
