;; podium: passed
  (list (apply + numbers) (apply * numbers)))
