"""submission: a run's files in the board's format, their digest, and the text that goes with them."""
