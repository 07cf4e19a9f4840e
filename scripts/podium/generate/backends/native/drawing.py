"""All problems of a task in flight, step by step: longest prompts first, no row computed for a finished sample."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from podium.generate.backends.native.crowd import Crowd, Ended
from podium.generate.sampling import nuclei_of
from podium.generate.streams import uniforms
from podium.tasks import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from podium.generate.backends.native.decoder import Decoder
    from podium.generate.stops import StopFinder
    from podium.records import Sampling


class Entry(msgspec.Struct, frozen=True):
    """Samples of one problem, by number, that are drawn together, and their prompt's tokens."""

    problem: Problem
    indexes: Sequence[int]
    prompt: list[int]


class Step(msgspec.Struct, frozen=True):
    """What one step completed, and for how many samples it computed how many rows."""

    ended: list[Ended]
    samples: int = 0
    rows: int = 0


class Drawing:
    """One task's samples to draw. Several threads may run `steps` at once: each entry is taken by one of them."""

    def __init__(
        self,
        decoder: Decoder,
        entries: Iterable[Entry],
        task_name: str,
        sampling: Sampling,
        finder: StopFinder,
        eos_ids: Sequence[int],
    ) -> None:
        """No entry may have more samples than `steps` has slots."""
        self._decoder, self._task_name, self._sampling = decoder, task_name, sampling
        self._finder, self._eos_ids = finder, frozenset(eos_ids)
        self._waiting = deque(sorted(entries, key=lambda entry: -len(entry.prompt)))
        self._lock = Lock()

    def steps(self, slots: int) -> Iterator[Step]:
        """With at most `slots` samples in flight; further problems are taken as slots come free, until none waits."""
        crowds: list[Crowd] = []
        while True:
            ended: list[Ended] = []
            while entry := self._take(slots - sum(crowd.unfinished for crowd in crowds)):
                if len(entry.prompt) >= self._sampling.max_length:
                    ended.append(Ended(entry.problem, list(entry.indexes), []))
                    continue
                crowd, first = self._admit(entry)
                ended += first
                crowds += [crowd] if crowd.unfinished else []
            if not crowds:
                yield Step(ended)
                return
            samples, rows = sum(crowd.unfinished for crowd in crowds), sum(len(crowd.rows) for crowd in crowds)
            yield Step(ended + self._advance(crowds), samples, rows)
            crowds = [crowd for crowd in crowds if crowd.unfinished]

    def _take(self, room: int) -> Entry | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting and len(self._waiting[0].indexes) <= room else None

    def _admit(self, entry: Entry) -> tuple[Crowd, list[Ended]]:
        room = self._sampling.max_length - len(entry.prompt)
        logits, cache = self._decoder.prefill(entry.prompt, room)
        address = (self._sampling.seed, self._task_name, entry.problem.id)
        streams = {index: uniforms(*address, index, room) for index in entry.indexes}
        crowd = Crowd(entry.problem, streams, cache, self._finder, self._eos_ids)
        return crowd, crowd.advance(nuclei_of(logits, self._sampling), self._sampling)

    def _advance(self, crowds: list[Crowd]) -> list[Ended]:
        tokens = [token for crowd in crowds for token in crowd.tokens()]
        logits = self._decoder.step(tokens, [crowd.cache for crowd in crowds])
        nuclei, begin = nuclei_of(logits, self._sampling), 0
        ended = []
        for crowd in crowds:
            end = begin + len(crowd.rows)
            ended += crowd.advance(nuclei.part(begin, end), self._sampling)
            begin = end
        return ended
