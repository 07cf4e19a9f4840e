"""What the hardware would allow: the linear layers alone, and on a card its memory and its arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from tests.bench.parts.engines import now

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.generate.backends.native.weights import Weights

ROWS, TRIALS = 50, 5


def linear_rate(weights: Weights) -> float:
    """Tokens a second if a step of 50 rows were its linear layers and nothing else; best of five."""
    layer, width = weights.layers[0], weights.embedding.shape[1]
    rows = torch.randn(ROWS, width).to(weights.embedding)
    wide = torch.randn(ROWS, layer.gate_up(rows).shape[1] // 2).to(rows)
    attended = torch.randn(ROWS, width).to(rows)
    times = []
    for _ in range(TRIALS):
        begun = now()
        for one in weights.layers:
            one.qkv(rows), one.output(attended), one.gate_up(rows), one.down(wide)
        weights.head(rows)
        times.append(now() - begun)
    return ROWS / min(times)


def card_rates(parameters: int, slots: int, dtype: torch.dtype) -> dict[str, float]:
    """Tokens a second at which a card has read all weights once a step, and has multiplied them. Needs a card."""
    size = 8192
    square = torch.randn(size, size, device="cuda", dtype=dtype)
    multiply = min(_seconds(lambda: square @ square) for _ in range(TRIALS))
    copy = min(_seconds(square.clone) for _ in range(TRIALS))
    bytes_a_second = 2 * square.nbytes / copy
    return {
        "memory_floor": slots * bytes_a_second / (parameters * dtype.itemsize),
        "compute_floor": 2 * size**3 / multiply / (2 * parameters),
    }


def _seconds(work: Callable[[], object]) -> float:
    begun = now()
    work()
    return now() - begun
