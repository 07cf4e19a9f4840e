"""Rotary frequencies: formulas and order of operations as in transformers' modeling_rope_utils.py, bit for bit.

A pair of dimensions turns by position x frequency; cosine and sine are multiplied by one factor (1 but for yarn and
longrope). `dynamic` and `longrope` depend on the sequence's length; up to `positions`, `dynamic` is the plain base.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from podium.rotary.scaling import Rotary


def frequencies(rotary: Rotary, width: int, positions: int, length: int = 0) -> tuple[torch.Tensor, float]:
    """Frequencies [width / 2] in float32 and the factor of cosine and sine, for a sequence of `length` tokens.

    `positions` is the model's longest sequence. The rotary positions have to fit both (`check_fit`).
    """
    values, powers = rotary.values, rotary.theta ** (torch.arange(0, width, 2, dtype=torch.float32) / width)
    plain = 1.0 / powers
    if rotary.kind == "linear":
        return plain / values["factor"], 1.0
    if rotary.kind == "llama3":
        return _llama3(rotary, plain, positions), 1.0
    if rotary.kind == "yarn":
        return _yarn(rotary, powers, width, positions), _yarn_factor(rotary)
    if rotary.kind == "longrope":
        return _longrope(rotary, powers, positions, length), _longrope_factor(rotary, positions)
    return plain, 1.0


def _llama3(rotary: Rotary, plain: torch.Tensor, positions: int) -> torch.Tensor:
    values, original = rotary.values, rotary.original_length(positions)
    low, high, factor = values["low_freq_factor"], values["high_freq_factor"], values["factor"]
    wavelengths = 2 * math.pi / plain
    scaled = torch.where(wavelengths > original / low, plain / factor, plain)
    blend = (original / wavelengths - low) / (high - low)
    blended = (1 - blend) * scaled / factor + blend * scaled
    is_between = ~(wavelengths < original / high) & ~(wavelengths > original / low)
    return torch.where(is_between, blended, scaled)


def _yarn(rotary: Rotary, powers: torch.Tensor, width: int, positions: int) -> torch.Tensor:
    values, original = rotary.values, rotary.original_length(positions)

    def dimension(turns: float) -> float:
        return (width * math.log(original / (turns * 2 * math.pi))) / (2 * math.log(rotary.theta))

    low, high = dimension(values.get("beta_fast") or 32), dimension(values.get("beta_slow") or 1)
    if values.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, width - 1)
    high += 0.001 if low == high else 0
    ramp = torch.clamp((torch.arange(width // 2, dtype=torch.float32) - low) / (high - low), 0, 1)
    share = 1 - ramp
    inverse_frequencies: torch.Tensor = 1.0 / (values["factor"] * powers) * (1 - share) + 1.0 / powers * share
    return inverse_frequencies


def _yarn_factor(rotary: Rotary) -> float:
    values = rotary.values
    if "attention_factor" in values:
        return float(values["attention_factor"])

    def magnitude(weight: float) -> float:
        return 1.0 if values["factor"] <= 1 else 0.1 * weight * math.log(values["factor"]) + 1.0

    if "mscale" in values and "mscale_all_dim" in values:
        return magnitude(values["mscale"]) / magnitude(values["mscale_all_dim"])
    return magnitude(1)


def _longrope(rotary: Rotary, powers: torch.Tensor, positions: int, length: int) -> torch.Tensor:
    name = "long_factor" if length > rotary.original_length(positions) else "short_factor"
    factors = torch.tensor(rotary.values[name], dtype=torch.float32)
    return 1.0 / (factors * powers)


def _longrope_factor(rotary: Rotary, positions: int) -> float:
    values, original = rotary.values, rotary.original_length(positions)
    if "attention_factor" in values:
        return float(values["attention_factor"])
    factor = values.get("factor", positions / original)
    return 1.0 if factor <= 1 else math.sqrt(1 + math.log(factor) / math.log(original))
