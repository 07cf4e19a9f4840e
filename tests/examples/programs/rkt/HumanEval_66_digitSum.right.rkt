;; podium: passed
  (for/sum ([c s])
    (if (char-upper-case? c) (char->integer c) 0)))
