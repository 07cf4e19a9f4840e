// podium: passed
    let text = Array(string)
    let part = Array(substring)
    var count = 0
    var i = 0
    while i + part.count <= text.count {
        if Array(text[i..<(i + part.count)]) == part {
            count += 1
        }
        i += 1
    }
    return count
