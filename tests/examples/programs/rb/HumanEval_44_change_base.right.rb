# podium: passed
  text = ''
  while x > 0
    text = (x % base).to_s + text
    x /= base
  end
  text
end
