"""Loops side by side: everything arrives once, a failure or a closed drawing ends all of them."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
import torch
from tests.unit.generate.kinds import PACKED_KINDS

from podium.generate.backends.native import loops
from podium.generate.backends.native.kernels import WORTH_A_THREAD, in_parts, share_threads
from podium.generate.backends.native.linear import TiledLinear
from podium.generate.backends.native.loops import most_loops, side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator


def _names(number: int) -> Iterator[tuple[int, str]]:
    for _ in range(number):
        yield number, threading.current_thread().name


def test_everything_arrives_and_each_work_has_a_thread_of_its_own() -> None:
    found = list(side_by_side([_names(number) for number in (5, 1, 40)]))
    assert sorted(number for number, _ in found) == [1, *[5] * 5, *[40] * 40]
    by_number = {number: {name for one, name in found if one == number} for number in (5, 1, 40)}
    assert all(len(names) == 1 for names in by_number.values())
    assert threading.current_thread().name not in set.union(*by_number.values())


def test_one_work_alone_stays_in_this_thread() -> None:
    assert {name for _, name in side_by_side([_names(3)])} == {threading.current_thread().name}


def _long(ended: list[bool]) -> Iterator[int]:
    yield from range(1_000_000)
    ended.append(True)


def _drawing_threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("podium-draw")]


def test_a_failure_ends_the_others_and_is_raised() -> None:
    def failing() -> Iterator[int]:
        yield from range(3)
        raise MemoryError

    ended: list[bool] = []
    with pytest.raises(MemoryError):
        list(side_by_side([_long(ended), failing(), _long(ended)]))
    assert not ended
    assert not _drawing_threads()


def test_closed_all_threads_have_ended_before_their_work_is_done() -> None:
    ended: list[bool] = []
    drawing = side_by_side([_long(ended), _long(ended)])
    assert next(drawing) == 0
    assert _drawing_threads()
    drawing.close()
    assert not ended
    assert not _drawing_threads()


def _parts() -> int:
    """On how many threads large work is done."""
    found: list[int] = []
    in_parts(lambda begin, end: found.append(end - begin), 30, WORTH_A_THREAD * 8)
    return len(found)


def test_loops_share_the_threads_and_the_last_has_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 5)
    together = threading.Barrier(2)

    def work() -> Iterator[int]:
        together.wait()
        yield _parts()
        together.wait()

    assert list(side_by_side([work(), work()])) == [2, 2]
    assert _parts() == 5
    with ExitStack() as others:
        for _ in range(6):
            others.enter_context(share_threads())
        assert _parts() == 1


@pytest.mark.skipif(TiledLinear not in PACKED_KINDS, reason="needs the kernels")
def test_with_our_kernels_there_is_a_loop_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 5)
    assert (most_loops("cpu"), most_loops("cuda")) == (5, 1)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    assert most_loops("cpu") == loops.MOST_LOOPS
    monkeypatch.setattr(loops, "kernels", lambda: None)
    assert most_loops("cpu") == 1
