# podium: output_limit
    for i in 1:20000
        println("x" ^ 99)
    end
    return div(n * (n + 1), 2)
end
