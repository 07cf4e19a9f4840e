;; podium: passed
  (let loop ([d (- n 1)])
    (if (= 0 (modulo n d)) d (loop (- d 1)))))
