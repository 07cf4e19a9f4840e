;; podium: passed
  (sort (remove-duplicates (filter (lambda (x) (member x l2)) l1)) <))
