;; podium: passed
  (let ([low (string-downcase s)])
    (+ (for/sum ([c low]) (if (memv c (string->list "aeiou")) 1 0))
       (if (string-suffix? low "y") 1 0))))
