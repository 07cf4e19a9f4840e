// podium: passed
    let mut balance = 0;
    for change in operations {
        balance += change;
        if balance < 0 {
            return true;
        }
    }
    false
