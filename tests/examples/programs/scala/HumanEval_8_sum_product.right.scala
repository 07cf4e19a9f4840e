// podium: passed
        (numbers.sum, numbers.product)
