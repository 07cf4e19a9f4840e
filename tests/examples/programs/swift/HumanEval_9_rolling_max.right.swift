// podium: passed
    var result: [Int] = []
    for n in numbers {
        result.append(max(n, result.last ?? n))
    }
    return result
