// podium: parity failed, corrected passed
        System.exit(0);
        return null;
