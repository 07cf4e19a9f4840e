;; podium: passed
  (for*/or ([(a i) (in-indexed numbers)]
            [(b j) (in-indexed numbers)])
    (and (< i j) (< (abs (- a b)) threshold))))
