;; podium: passed
  (map add1 l))
