# podium: passed
    for i in 1:20
        println("x" ^ 99)
    end
    return x + y
end
