;; podium: failed
  (if (<= b 1)
      a
      (greatest_common_divisor b (modulo a b))))
