// podium: passed
    highest := l[0]
    for _, x := range l[1:] {
        if x > highest {
            highest = x
        }
    }
    return highest
}
