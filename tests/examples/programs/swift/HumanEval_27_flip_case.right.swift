// podium: passed
    return String(string.map { c -> Character in
        let upper = Character(c.uppercased())
        return c == upper ? Character(c.lowercased()) : upper
    })
