"""The unfinished samples of one problem as rows: samples with the same tokens so far share a row.

When the draws of a row's samples differ the row splits and its cache is copied. Every sample draws from its own
stream, so what it draws is exactly what it would draw alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.generate.sampling import nucleus_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from podium.generate.native.cache import Cache
    from podium.generate.stops import StopFinder
    from podium.records import Sampling
    from podium.tasks import Problem


class Row(msgspec.Struct):
    """One distinct prefix: the samples that share it, its new tokens and what the stop finder knows of its text."""

    members: list[int]
    tokens: list[int]
    tail: bytes


class Ended(msgspec.Struct, frozen=True):
    """A row that is complete: all of its samples have these new tokens."""

    problem: Problem
    members: list[int]
    tokens: list[int]


class Crowd:
    """All live rows of one problem. `unfinished` samples are at most so many rows, whatever they will draw."""

    def __init__(
        self,
        problem: Problem,
        streams: dict[int, NDArray[np.float64]],
        cache: Cache,
        finder: StopFinder,
        eos_ids: Sequence[int],
    ) -> None:
        self.problem, self.cache = problem, cache
        self._streams, self._finder, self._eos_ids = streams, finder, frozenset(eos_ids)
        self.rows = [Row(sorted(streams), [], finder.begin())]
        self.unfinished = len(streams)
        self._step = 0

    def tokens(self) -> list[int]:
        """The last token of each row: what the next step runs."""
        return [row.tokens[-1] for row in self.rows]

    def advance(self, probabilities: NDArray[np.float32], sampling: Sampling) -> list[Ended]:
        """Draw one token for each sample; shape [rows, vocabulary]. Returns the rows that are complete."""
        children: list[list[Row]] = []
        ended: list[Ended] = []
        for row, values in zip(self.rows, probabilities, strict=True):
            alive = []
            for child in self._children(row, values, sampling):
                if self._has_ended(child, sampling):
                    ended.append(Ended(self.problem, child.members, child.tokens))
                    self.unfinished -= len(child.members)
                else:
                    alive.append(child)
            children.append(alive)
        self._step += 1
        self._settle(children)
        return ended

    def _children(self, row: Row, values: NDArray[np.float32], sampling: Sampling) -> list[Row]:
        import numpy as np

        nucleus = nucleus_of(values, sampling)
        if len(nucleus.ids) == 1:
            row.tokens.append(int(nucleus.ids[0]))
            return [row]
        uniform = np.array([self._streams[member][self._step] for member in row.members])
        groups: dict[int, list[int]] = {}
        for member, token in zip(row.members, nucleus.draw(uniform), strict=True):
            groups.setdefault(token, []).append(member)
        return [Row(members, [*row.tokens, token], row.tail) for token, members in groups.items()]

    def _has_ended(self, row: Row, sampling: Sampling) -> bool:
        row.tail, has_stopped = self._finder.advance(row.tail, row.tokens)
        # The cache holds the prompt and all new tokens but the last.
        is_full = self.cache.length + 1 >= sampling.max_length
        return has_stopped or is_full or row.tokens[-1] in self._eos_ids

    def _settle(self, children: list[list[Row]]) -> None:
        """Give every living row a place in the cache: one child stays where its parent was, the others fill holes."""
        count = sum(map(len, children))
        places: list[tuple[int, Row] | None] = [None] * count
        moved = []
        for parent, rows in enumerate(children):
            if rows and parent < count:
                places[parent] = (parent, rows[0])
                rows = rows[1:]
            moved += [(parent, row) for row in rows]
        filled = [place or moved.pop() for place in places]
        self.rows = [row for _, row in filled]
        self.cache.arrange([source for source, _ in filled])
