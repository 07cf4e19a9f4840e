// podium: passed
    let mut result = Vec::new();
    for (i, number) in numbers.iter().enumerate() {
        if i > 0 {
            result.push(delimeter);
        }
        result.push(*number);
    }
    result
