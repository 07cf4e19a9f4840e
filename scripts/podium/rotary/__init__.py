"""Rotary positions as a config.json scales them, read as transformers reads it, and the frequencies that follow.

Every spelling is known: `rope_scaling` with `type` or `rope_type`, `rope_parameters` with the base inside it or beside
it, one set of values for all layers or one for each type of layer.
"""

from podium.rotary.scaling import KINDS, Rotary, RotaryError, UnknownScalingError, read_rotary

__all__ = ["KINDS", "Rotary", "RotaryError", "UnknownScalingError", "read_rotary"]
