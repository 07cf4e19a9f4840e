;; podium: passed
  (filter positive? l))
