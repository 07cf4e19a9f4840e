;; podium: passed
  (let loop ([a 0] [b 0] [c 2] [d 0] [i n])
    (if (= i 0) a (loop b c d (+ a b c d) (- i 1)))))
