# podium: passed
  f = [0, 0, 2, 0]
  f << f.last(4).sum while f.length <= n
  f[n]
end
