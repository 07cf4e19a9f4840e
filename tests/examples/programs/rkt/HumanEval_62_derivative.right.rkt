;; podium: passed
  (for/list ([x (if (null? xs) xs (cdr xs))] [i (in-naturals 1)])
    (* i x)))
