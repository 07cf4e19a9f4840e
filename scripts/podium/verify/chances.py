"""What a random part of a task's programs says about all of them.

The part has as many samples of every problem as of any other (one more of some). The number that passes in such a part
is no more scattered than a binomial one (Hoeffding 1956, 1963), so binomial tails are upper bounds of its chances.
"""

from __future__ import annotations

import math

SURE = 0.95
HALVINGS = 40


def at_least(count: int, trials: int, share: float) -> float:
    """The chance of `count` or more passes in `trials` when a `share` of all programs passes."""
    if count <= 0:
        return 1.0
    if count > trials or share <= 0:
        return 0.0
    if share >= 1:
        return 1.0
    if count <= trials * share:
        return 1.0 - _sum(0, count - 1, trials, share)
    return _sum(count, trials, trials, share)


def _sum(first: int, last: int, trials: int, share: float) -> float:
    inside, outside = math.log(share), math.log1p(-share)
    whole = math.lgamma(trials + 1)
    terms = (
        math.exp(whole - math.lgamma(k + 1) - math.lgamma(trials - k + 1) + k * inside + (trials - k) * outside)
        for k in range(first, last + 1)
    )
    return min(1.0, math.fsum(terms))


def no_better(count: int, trials: int, share: float) -> float:
    """The chance of a part that fits `share` no better than `count` of `trials`, on either side."""
    above = at_least(count, trials, share)
    below = at_least(trials - count, trials, 1.0 - share)
    return min(1.0, 2 * min(above, below))


def least(count: int, trials: int) -> float:
    """The lowest share of all programs that `count` passes of `trials` leave possible (one side, 95 %)."""
    if not count:
        return 0.0
    low, high = 0.0, count / trials
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if at_least(count, trials, middle) < 1 - SURE else (low, middle)
    return low


def most(count: int, trials: int) -> float:
    """The highest share that `count` passes of `trials` leave possible (one side, 95 %)."""
    return 1.0 - least(trials - count, trials) if trials else 1.0


def together(chances: list[float]) -> float:
    """The chance of these chances or less likely ones, if all claims are true (Fisher)."""
    if not chances:
        return 1.0
    half = -math.fsum(math.log(max(chance, 1e-300)) for chance in chances)
    term, total = 1.0, 0.0
    for number in range(len(chances)):
        total += term
        term *= half / (number + 1)
    return min(1.0, math.exp(-half) * total)
