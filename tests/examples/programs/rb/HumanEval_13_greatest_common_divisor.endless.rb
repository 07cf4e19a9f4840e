# podium: timed_out
  loop { }
end
