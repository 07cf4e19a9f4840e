;; podium: passed
  (apply string-append strings))
