# podium: passed
    gsub('[aeiouAEIOU]', '', text)
}
