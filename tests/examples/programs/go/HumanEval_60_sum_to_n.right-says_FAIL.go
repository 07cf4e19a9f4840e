// podium: passed
    fmt.Println("FAIL")
    return n * (n + 1) / 2
}
