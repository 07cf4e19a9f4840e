// podium: passed
        val lower = s.toLowerCase
        lower.count(c => "aeiou".contains(c)) + (if (lower.endsWith("y")) 1 else 0)
