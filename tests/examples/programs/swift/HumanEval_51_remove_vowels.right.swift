// podium: passed
    return text.filter { !"aeiouAEIOU".contains($0) }
