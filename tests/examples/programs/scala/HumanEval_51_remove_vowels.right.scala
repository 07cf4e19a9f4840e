// podium: passed
        text.filterNot(c => "aeiouAEIOU".contains(c))
