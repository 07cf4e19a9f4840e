// podium: passed
        long balance = 0;
        foreach (var operation in operations) {
            balance += operation;
            if (balance < 0) {
                return true;
            }
        }
        return false;
