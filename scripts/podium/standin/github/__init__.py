"""GitHub's side of the stand-in."""
