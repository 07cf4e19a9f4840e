"""The Hub's side of the stand-in."""
