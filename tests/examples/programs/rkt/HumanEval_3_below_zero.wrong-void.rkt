;; podium: failed
  (when (findf negative? operations) #t))
