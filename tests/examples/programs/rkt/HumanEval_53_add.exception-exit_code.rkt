;; podium: failed
  (exit 3))
