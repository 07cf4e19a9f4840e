;; podium: passed
  (for/fold ([a 0] [b 1] #:result a) ([_ n])
    (values b (+ a b))))
