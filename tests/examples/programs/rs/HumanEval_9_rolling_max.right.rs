// podium: passed
    let mut result: Vec<isize> = vec![];
    for number in numbers {
        let last = *result.last().unwrap_or(&number);
        result.push(last.max(number));
    }
    result
