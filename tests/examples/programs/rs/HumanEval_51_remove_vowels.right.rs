// podium: passed
    text.chars().filter(|c| !"aeiouAEIOU".contains(*c)).collect()
