"""The arithmetic of the board's figures, as optimum-benchmark does it at the commit the board names.

https://github.com/huggingface/optimum-benchmark/tree/49f0924e2bb041cf17d78dd0848d8e2cad31632d
"""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MB = 1_000_000  # bytes; not 2**20


def significant(value: float) -> float:
    """Three significant digits."""
    return float(f"{value:.3g}")


def tokens_per_second(new_tokens: int, batch_size: int, latencies: Sequence[float]) -> float:
    """New tokens of all rows over the mean latency, which is itself rounded first, as the board's figures are."""
    return significant(new_tokens * batch_size / significant(statistics.mean(latencies)))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]
