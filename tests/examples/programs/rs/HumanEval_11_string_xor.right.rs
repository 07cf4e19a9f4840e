// podium: passed
    a.chars().zip(b.chars()).map(|(x, y)| if x == y { '0' } else { '1' }).collect()
