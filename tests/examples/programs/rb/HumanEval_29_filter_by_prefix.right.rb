# podium: passed
  strings.select { |s| s.start_with?(prefix) }
end
