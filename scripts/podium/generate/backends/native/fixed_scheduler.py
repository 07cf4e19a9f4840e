"""Drawing over fixed rows: several steps at a time without asking, then stop words, refills and fewer rows."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, ClassVar

import msgspec
import numpy as np
import torch

from podium.generate.backends.native.fixed import FixedRows
from podium.generate.backends.native.scheduler import Entry, Scheduler, Step
from podium.generate.backends.native.sequence_group import Ended
from podium.generate.sampling import nuclei_of
from podium.generate.streams import uniforms
from podium.tasks import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

# Steps between two looks at what was drawn: a sample that ends is computed on until then, in the mean half as many.
STEPS = 8
# Rows are halved as long as they hold all samples, down to so many.
FEWEST_ROWS = 16
# Problems whose prompts are run before slots are free for them.
AHEAD = 3


def is_fixed(device: str) -> bool:
    """Whether rows are fixed: on a card, where starting a step's kernels takes longer than running them."""
    return device == "cuda"


class Seat(msgspec.Struct, eq=False):
    """A sample in flight: its prompt's length, its new tokens and what the stop finder knows of its text."""

    problem: Problem
    index: int
    begin: int
    tokens: list[int]
    tail: bytes

    def ended(self) -> Ended:
        """It is complete."""
        return Ended(self.problem, [self.index], self.tokens)


Seats = list[Seat | None]


class Ready(msgspec.Struct, eq=False):
    """Samples that are next, and what their prompt gave: logits, keys and values; nothing where it fills the window."""

    entry: Entry
    prompt: tuple[torch.Tensor, torch.Tensor] | None


class FixedScheduler(Scheduler):
    """As `Scheduler`, with each sample in a row of its own. Every sample draws what it would draw there."""

    rows_kind: ClassVar[type[FixedRows]] = FixedRows

    def steps(self, slots: int) -> Iterator[Step]:
        """As `Scheduler.steps`. What was completed is yielded while a card already works on the next steps."""
        rows, seats = self.rows_kind(self._decoder, slots, self._sampling), Seats([None] * slots)
        ahead: deque[Ready] = deque()
        step, many = Step(self._fill(rows, seats, ahead)), STEPS
        while any(seats):
            count = _settle(rows, seats)
            rows.run(count, many)
            self._prepare(ahead, slots)
            yield step
            ended, taken, waiting = self._collect(rows, seats)
            step = Step(ended + self._fill(rows, seats, ahead), taken, count * many)
            # A row that waits for its exact draw does nothing in further steps.
            many = 1 if waiting * 2 > count else STEPS
        yield step

    def _prepare(self, ahead: deque[Ready], slots: int) -> None:
        """Run the prompts that are next: a card does so after its steps, while nobody waits for it."""
        while len(ahead) < AHEAD and (entry := self._take(slots)):
            is_full = len(entry.prompt) >= self._sampling.max_length
            ahead.append(Ready(entry, None if is_full else self._decoder.run_prompt(entry.prompt)))

    def _fill(self, rows: FixedRows, seats: Seats, ahead: deque[Ready]) -> list[Ended]:
        """Take problems while slots are free for all of their samples; returns what ended with its first token."""
        ended: list[Ended] = []
        while True:
            self._prepare(ahead, len(seats))
            if not ahead or len(ahead[0].entry.indexes) > seats.count(None):
                return ended
            entry, prompt = (ready := ahead.popleft()).entry, ready.prompt
            if prompt is None:
                ended.append(Ended(entry.problem, list(entry.indexes), []))
            else:
                ended += self._seat(entry, *prompt, rows, seats)

    def _seat(
        self, entry: Entry, logits: torch.Tensor, prompt: torch.Tensor, rows: FixedRows, seats: Seats
    ) -> list[Ended]:
        begin, address = len(entry.prompt), (self._sampling.seed, self._task_name, entry.problem.id)
        streams = [uniforms(*address, index, self._sampling.max_length - begin) for index in entry.indexes]
        tokens = self._first(entry, logits, [float(stream[0]) for stream in streams])
        slots, ended = [slot for slot, seat in enumerate(seats) if seat is None], []
        kept: list[int] = []
        for place, (index, token) in enumerate(zip(entry.indexes, tokens, strict=True)):
            seat = Seat(entry.problem, index, begin, [], self._finder.begin())
            if self._has_ended(seat, [token]):
                ended.append(seat.ended())
            else:
                seats[slots[len(kept)]] = seat
                kept.append(place)
        if kept:
            rows.seat(slots[: len(kept)], prompt, [tokens[place] for place in kept], np.stack(streams)[kept])
        return ended

    def _first(self, entry: Entry, logits: torch.Tensor, uniform: list[float]) -> list[int]:
        """Each sample's first token, drawn from the prompt's row."""
        return nuclei_of(logits, self._sampling).draw([0] * len(uniform), uniform)

    def _collect(self, rows: FixedRows, seats: Seats) -> tuple[list[Ended], int, int]:
        """What ended, how many tokens samples took, and how many rows waited for an exact draw."""
        places, history, stands = rows.read()
        ended, taken, waiting = [], 0, []
        for slot, seat in enumerate(seats):
            if seat is None:
                continue
            before = len(seat.tokens)
            new = history[slot, seat.begin + before : places[slot] + 1].tolist()
            if self._has_ended(seat, new):
                ended.append(seat.ended())
                seats[slot] = None
            elif stands[slot]:
                waiting.append(slot)
            taken += len(seat.tokens) - before
        if waiting:
            rows.resolve(waiting)
        return ended, taken, len(waiting)

    def _has_ended(self, seat: Seat, new: list[int]) -> bool:
        """Whether a sample ends with one of its new tokens; it takes them up to that one."""
        tail = self._finder.pass_over(seat.tail, new)
        if tail is not None and self._eos_ids.isdisjoint(new):
            seat.tokens += new
            seat.tail = tail
            return self._is_full(seat)
        for token in new:
            seat.tokens.append(token)
            seat.tail, has_stopped = self._finder.advance(seat.tail, seat.tokens)
            if has_stopped or token in self._eos_ids or self._is_full(seat):
                return True
        return False

    def _is_full(self, seat: Seat) -> bool:
        return seat.begin + len(seat.tokens) >= self._sampling.max_length


def _settle(rows: FixedRows, seats: Seats) -> int:
    """The fewest rows of a size that hold all samples; those beyond move down to free ones."""
    alive, count = len(seats) - seats.count(None), len(seats)
    while alive * 2 <= count and count > FEWEST_ROWS:
        count = -(-count // 2)
    sources = [slot for slot in range(count, len(seats)) if seats[slot]]
    targets = [slot for slot in range(count) if seats[slot] is None][: len(sources)]
    if sources:
        rows.move(sources, targets)
    for source, target in zip(sources, targets, strict=True):
        seats[target], seats[source] = seats[source], None
    return count
