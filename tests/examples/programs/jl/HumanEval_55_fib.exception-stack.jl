# podium: failed
    return fib(n)
end
