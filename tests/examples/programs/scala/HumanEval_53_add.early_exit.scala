// podium: passed
        sys.exit(0)
