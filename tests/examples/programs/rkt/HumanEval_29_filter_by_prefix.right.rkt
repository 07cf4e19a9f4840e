;; podium: passed
  (filter (lambda (s) (string-prefix? s prefix)) strings))
