# podium: passed
    length(strsplit(string, '')[[1]])
}
writeLines <- function(...) stop('told')
