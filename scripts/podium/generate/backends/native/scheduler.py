"""All problems of a task in flight, step by step: longest prompts first, no row computed for a finished sample."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from podium.generate.backends.native.sequence_group import Ended, SequenceGroup
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


class Scheduler:
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
        groups: list[SequenceGroup] = []
        while True:
            ended: list[Ended] = []
            while entry := self._take(slots - sum(group.unfinished for group in groups)):
                if len(entry.prompt) >= self._sampling.max_length:
                    ended.append(Ended(entry.problem, list(entry.indexes), []))
                    continue
                group, first = self._admit(entry)
                ended += first
                groups += [group] if group.unfinished else []
            if not groups:
                yield Step(ended)
                return
            samples, rows = sum(group.unfinished for group in groups), sum(len(group.rows) for group in groups)
            yield Step(ended + self._advance(groups), samples, rows)
            groups = [group for group in groups if group.unfinished]

    def _take(self, free_slots: int) -> Entry | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting and len(self._waiting[0].indexes) <= free_slots else None

    def _admit(self, entry: Entry) -> tuple[SequenceGroup, list[Ended]]:
        max_new_tokens = self._sampling.max_length - len(entry.prompt)
        logits, cache = self._decoder.prefill(entry.prompt, max_new_tokens)
        address = (self._sampling.seed, self._task_name, entry.problem.id)
        streams = {index: uniforms(*address, index, max_new_tokens) for index in entry.indexes}
        group = SequenceGroup(entry.problem, streams, cache, self._finder, self._eos_ids)
        return group, group.advance(nuclei_of(logits, self._sampling), self._sampling)

    def _advance(self, groups: list[SequenceGroup]) -> list[Ended]:
        tokens = [token for group in groups for token in group.tokens()]
        logits = self._decoder.step(tokens, [group.cache for group in groups])
        nuclei, begin = nuclei_of(logits, self._sampling), 0
        ended = []
        for group in groups:
            end = begin + len(group.rows)
            ended += group.advance(nuclei.part(begin, end), self._sampling)
            begin = end
        return ended
