;; podium: passed
  (equal? (string->list text) (reverse (string->list text))))
