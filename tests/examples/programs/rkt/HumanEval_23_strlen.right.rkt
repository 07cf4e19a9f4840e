;; podium: passed
  (string-length string))
