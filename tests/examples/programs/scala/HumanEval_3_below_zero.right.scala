// podium: passed
        var balance = 0L
        for (operation <- operations) {
            balance += operation
            if (balance < 0) {
                return true
            }
        }
        false
