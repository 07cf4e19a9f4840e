;; podium: passed
  (if (= b 0)
      a
      (greatest_common_divisor b (modulo a b))))
