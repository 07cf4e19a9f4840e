;; podium: passed
  (equal? (list->set (string->list s0)) (list->set (string->list s1))))
