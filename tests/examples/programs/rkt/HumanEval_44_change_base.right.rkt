;; podium: passed
  (let loop ([x x] [text ""])
    (if (= x 0)
        text
        (loop (quotient x base) (string-append (number->string (remainder x base)) text)))))
