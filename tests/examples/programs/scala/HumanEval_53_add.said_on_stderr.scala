// podium: parity failed, corrected passed
        System.err.println("note")
        x + y
