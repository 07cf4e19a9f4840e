// podium: passed
    if n < 3 {
        return n / 2
    }
    return fibfib(n-1) + fibfib(n-2) + fibfib(n-3)
}
