// podium: output_limit
    for _ in 0..<20000 {
        print(String(repeating: "x", count: 99))
    }
    return n * (n + 1) / 2
