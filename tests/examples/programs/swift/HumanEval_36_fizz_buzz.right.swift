// podium: passed
    var total = 0
    for i in 0..<n {
        if i % 11 == 0 || i % 13 == 0 {
            total += String(i).filter { $0 == "7" }.count
        }
    }
    return total
