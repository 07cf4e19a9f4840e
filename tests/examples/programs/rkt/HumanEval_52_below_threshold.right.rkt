;; podium: passed
  (andmap (lambda (x) (< x t)) l))
