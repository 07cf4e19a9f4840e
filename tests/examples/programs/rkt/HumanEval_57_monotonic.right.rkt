;; podium: passed
  (or (equal? l (sort l <)) (equal? l (sort l >))))
