// podium: syntax_error
    (x + y) as i32
