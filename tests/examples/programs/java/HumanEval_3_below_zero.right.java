// podium: passed
        long balance = 0;
        for (long operation : operations) {
            balance += operation;
            if (balance < 0) {
                return true;
            }
        }
        return false;
