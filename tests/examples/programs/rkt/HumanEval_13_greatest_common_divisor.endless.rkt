;; podium: timed_out
  (let loop () (loop)))
