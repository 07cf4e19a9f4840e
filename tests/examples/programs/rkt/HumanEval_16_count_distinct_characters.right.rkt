;; podium: passed
  (length (remove-duplicates (string->list (string-downcase string)))))
