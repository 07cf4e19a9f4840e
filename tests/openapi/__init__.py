"""GitHub's published API description, slimmed, and the check of what tests send and get against it."""
