// podium: passed
    format!("db{:b}db", decimal)
