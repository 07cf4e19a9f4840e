"""The unfinished samples of one problem as rows: samples with the same tokens so far share a row.

When the draws of a row's samples differ the row splits and its cache is copied. Every sample draws from its own
stream, so what it draws is exactly what it would draw alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from podium.generate.backends.native.cache import Cache
    from podium.generate.sampling import Nuclei
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


class SequenceGroup:
    """All live rows of one problem. `unfinished` samples are at most so many rows, whatever they will draw."""

    def __init__(
        self,
        problem: Problem,
        streams: dict[int, NDArray[np.float64]],
        cache: Cache,
        finder: StopFinder,
        eos_ids: frozenset[int],
    ) -> None:
        self.problem, self.cache = problem, cache
        self._streams, self._finder, self._eos_ids = streams, finder, eos_ids
        self.rows = [Row(sorted(streams), [], finder.begin())]
        self.unfinished = len(streams)
        self._step = 0

    def tokens(self) -> list[int]:
        """The last token of each row: what the next step runs."""
        return [row.tokens[-1] for row in self.rows]

    def advance(self, nuclei: Nuclei, sampling: Sampling) -> list[Ended]:
        """Draw one token for each sample from its row's nucleus. Returns the rows that are complete."""
        children: list[list[Row]] = []
        ended: list[Ended] = []
        for row, groups in zip(self.rows, self._groups(nuclei), strict=True):
            alive = []
            for child in _children(row, groups):
                if self._has_ended(child, sampling):
                    ended.append(Ended(self.problem, child.members, child.tokens))
                    self.unfinished -= len(child.members)
                else:
                    alive.append(child)
            children.append(alive)
        self._step += 1
        self._settle(children)
        return ended

    def _groups(self, nuclei: Nuclei) -> list[dict[int, list[int]]]:
        """For each row its samples by the token that they draw; where only one is kept nothing is drawn."""
        groups = [{token: row.members} for row, token in zip(self.rows, nuclei.ids[:, 0].tolist(), strict=True)]
        asked = [
            (place, member) for place in np.flatnonzero(nuclei.last).tolist() for member in self.rows[place].members
        ]
        if not asked:
            return groups
        places = [place for place, _ in asked]
        uniform = [self._streams[member][self._step] for _, member in asked]
        for place in places:
            groups[place] = {}
        for (place, member), token in zip(asked, nuclei.draw(places, uniform), strict=True):
            groups[place].setdefault(token, []).append(member)
        return groups

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
        self.cache.arrange([source for source, _ in filled], self.unfinished)


def _children(row: Row, groups: dict[int, list[int]]) -> list[Row]:
    """The row with its next token; as several rows where its samples drew several."""
    if len(groups) == 1:
        row.tokens.extend(groups)
        return [row]
    return [Row(members, [*row.tokens, token], row.tail) for token, members in groups.items()]
