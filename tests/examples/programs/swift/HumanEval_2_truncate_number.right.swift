// podium: passed
    return number - Double(Int(number))
