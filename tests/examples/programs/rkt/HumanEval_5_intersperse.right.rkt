;; podium: passed
  (add-between numbers delimeter))
