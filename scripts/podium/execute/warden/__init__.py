"""What runs in the separate interpreter that guards programs: standard library and ctypes only."""
