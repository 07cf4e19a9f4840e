# podium: passed
    count <- nchar(gsub('[^aeiou]', '', tolower(s)))
    if (endsWith(tolower(s), 'y')) count + 1 else count
}
