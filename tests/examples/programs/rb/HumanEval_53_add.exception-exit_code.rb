# podium: failed
  x + y
end
exit!(3)
