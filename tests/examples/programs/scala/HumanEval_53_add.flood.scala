// podium: output_limit
        for (i <- 1 to 40000) {
            println("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")
        }
        x + y
