;; podium: passed
  (+ x y))
