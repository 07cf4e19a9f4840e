;; podium: passed
  (list->string
   (filter (lambda (c) (not (memv (char-downcase c) '(#\a #\e #\i #\o #\u)))) (string->list text))))
