# podium: passed
    letters_of <- strsplit(text, '')[[1]]
    identical(letters_of, rev(letters_of))
}
