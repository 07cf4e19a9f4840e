;; podium: syntax_error
  (+ x y])
