;; podium: passed
  (define highest -inf.0)
  (for/list ([x numbers])
    (set! highest (if (> x highest) x highest))
    highest))
