# podium: passed
    sum(utf8ToInt(gsub('[^A-Z]', '', s)))
}
