;; podium: passed
  (list->string
   (for/list ([c string])
     (if (char-upper-case? c) (char-downcase c) (char-upcase c)))))
