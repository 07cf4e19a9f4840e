;; podium: passed
  (define (printf . _) (error "told"))
  (define car 'ours)
  (string-length string))
