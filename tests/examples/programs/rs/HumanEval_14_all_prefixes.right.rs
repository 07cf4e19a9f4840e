// podium: passed
    (1..string.len() + 1).map(|length| string[..length].to_string()).collect()
