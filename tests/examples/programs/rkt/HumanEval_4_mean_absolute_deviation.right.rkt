;; podium: passed
  (let ([mean (/ (apply + numbers) (length numbers))])
    (/ (for/sum ([x numbers]) (abs (- x mean))) (length numbers))))
