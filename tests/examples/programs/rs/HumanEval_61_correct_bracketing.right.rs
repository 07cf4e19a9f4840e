// podium: passed
    let mut depth: usize = 0;
    for c in brackets.chars() {
        if c == '(' {
            depth += 1;
        } else if depth == 0 {
            return false;
        } else {
            depth -= 1;
        }
    }
    depth == 0
