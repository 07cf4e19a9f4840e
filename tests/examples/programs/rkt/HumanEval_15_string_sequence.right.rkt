;; podium: passed
  (string-join (map number->string (range (+ n 1))) " "))
