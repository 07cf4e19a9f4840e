// podium: passed
    let n = l.len();
    for i in 0..n {
        for j in i + 1..n {
            for k in j + 1..n {
                if l[i] + l[j] + l[k] == 0 {
                    return true;
                }
            }
        }
    }
    false
