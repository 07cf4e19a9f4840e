;; podium: passed
  (if (null? strings)
      #f
      (argmax string-length strings)))
