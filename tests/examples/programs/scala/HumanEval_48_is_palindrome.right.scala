// podium: passed
        text == text.reverse
