"""How far drawing is, by tokens: problems are drawn side by side, and no sample may be complete for many minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podium.records import Sample

# Until samples are complete nobody knows how long they get: as long as they may, by the weight of so many of them.
PRIOR_SAMPLES = 2
NEARLY_ALL = 0.99
# Short samples are complete first. One that has got longer than these is not about to end: as much again is to come,
# at least in this part.
AT_LEAST = 0.5


class Pace:
    """The share of all samples that is drawn, with what is drawn of samples that are not complete; it never falls."""

    def __init__(self, total: int, done: int, most_tokens: int) -> None:
        """`done` samples of `total` were there before; no sample gets more than `most_tokens`."""
        self._done, self._missing, self._most = done, max(total - done, 1), most_tokens
        self._ended = self._tokens = 0
        self._share = 0.0

    def share(self, samples: Sequence[Sample], drawn: int) -> float:
        """After more samples were completed; `drawn` tokens were drawn in all, 0 where the backend cannot tell."""
        self._ended += len(samples)
        self._tokens += sum(sample.tokens for sample in samples)
        by_count = self._ended / self._missing
        self._share = max(self._share, by_count, min(self._by_tokens(drawn), NEARLY_ALL) if by_count < 1 else 1.0)
        return (self._done + self._missing * self._share) / (self._done + self._missing)

    def _by_tokens(self, drawn: int) -> float:
        usual = (self._tokens + PRIOR_SAMPLES * self._most) / (self._ended + PRIOR_SAMPLES)
        expected = (self._missing - self._ended) * usual
        to_come = max(expected - (drawn - self._tokens), AT_LEAST * expected)
        return drawn / max(drawn + to_come, 1.0)
