// podium: passed
    let mut row = vec![0, 0, 2, 0];
    while row.len() <= n as usize {
        let next = row[row.len() - 4..].iter().sum();
        row.push(next);
    }
    row[n as usize]
