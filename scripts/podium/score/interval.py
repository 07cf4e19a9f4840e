"""How far a score could be off because the task has no more problems: a bootstrap over problems."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DRAWS = 1000
TAIL = 0.025  # on either side: 95 %


def interval(correct: Sequence[int], n_samples: int) -> tuple[float, float]:
    """The interval of pass@1, from how many samples of each problem are correct: always the same for the same counts.

    Problems are drawn with replacement, as often as there are any; a problem's samples stay together.
    """
    # Which problem has which count does not matter, so equal tasks have equal intervals.
    counts = sorted(Counter(correct).items())
    values, weights = [count for count, _ in counts], [weight for _, weight in counts]
    chance = random.Random(0)  # noqa: S311  to be repeated, not to be secret
    totals = sorted(sum(chance.choices(values, weights, k=len(correct))) for _ in range(DRAWS))
    programs = len(correct) * n_samples
    return totals[round(TAIL * DRAWS)] / programs, totals[round((1 - TAIL) * DRAWS) - 1] / programs
