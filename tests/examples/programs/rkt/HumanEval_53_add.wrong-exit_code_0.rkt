;; podium: failed
  (- x y))
