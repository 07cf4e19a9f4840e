// podium: syntax_error
    fmt.Printf("%d\n", "x")
    return x + y
}
