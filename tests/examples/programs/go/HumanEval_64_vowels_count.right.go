// podium: passed
    count := 0
    for i, c := range s {
        switch c {
        case 'a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U':
            count++
        case 'y', 'Y':
            if i == len(s)-1 {
                count++
            }
        }
    }
    return count
}
