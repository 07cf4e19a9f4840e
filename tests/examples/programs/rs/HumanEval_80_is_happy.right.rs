// podium: passed
    let letters: Vec<char> = s.chars().collect();
    letters.len() >= 3 && letters.windows(3).all(|w| w[0] != w[1] && w[1] != w[2] && w[0] != w[2])
