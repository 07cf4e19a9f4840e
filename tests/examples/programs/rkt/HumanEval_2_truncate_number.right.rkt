;; podium: passed
  (- number (floor number)))
