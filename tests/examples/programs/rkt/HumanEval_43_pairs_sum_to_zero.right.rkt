;; podium: passed
  (for*/or ([(a i) (in-indexed l)] [(b j) (in-indexed l)])
    (and (< i j) (= 0 (+ a b)))))
