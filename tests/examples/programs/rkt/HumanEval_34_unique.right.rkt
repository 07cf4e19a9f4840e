;; podium: passed
  (sort (remove-duplicates l) <))
