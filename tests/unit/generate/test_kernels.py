"""The compiled kernels: built where they can be, done without where they cannot, shared among threads."""

from __future__ import annotations

import platform
import shutil
from importlib.machinery import ModuleSpec

import pytest
import torch

from podium.generate.native import kernels as module
from podium.generate.native.kernels import WORTH_A_THREAD, in_parts, kernels


@pytest.mark.skipif(platform.machine() != "x86_64" or not shutil.which("cc"), reason="needs an x86-64 compiler")
def test_the_kernels_were_built_with_the_package() -> None:
    assert module._library() is not None, "install the package again: gemm.c and attention.c were not compiled"


def test_kernels_that_were_not_built_or_not_for_this_machine_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    load = module._library.__wrapped__
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert load() is None
    monkeypatch.setattr(module, "find_spec", lambda name: ModuleSpec(name, None, origin="/nowhere/_kernels.so"))
    assert load() is None
    # What the C files become for another processor: a library without the functions.
    monkeypatch.setattr("ctypes.CDLL", lambda path: object())
    assert load() is None


def test_a_processor_without_avx2_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "DEFAULT")
    assert kernels() is None


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_parts_cover_everything_once_and_small_work_stays_in_one(
    monkeypatch: pytest.MonkeyPatch, threads: int, count: int
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    parts: list[tuple[int, int]] = []

    def work(begin: int, end: int) -> None:
        parts.append((begin, end))

    for multiplications, most in ((0, 1), (WORTH_A_THREAD * 8, threads)):
        parts.clear()
        in_parts(work, count, multiplications)
        assert sorted(place for begin, end in parts for place in range(begin, end)) == list(range(count))
        assert len(parts) == min(most, count)


def test_an_error_in_any_part_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)

    def work(begin: int, end: int) -> None:
        if begin <= 90 < end:
            raise MemoryError

    with pytest.raises(MemoryError):
        in_parts(work, 100, WORTH_A_THREAD * 8)
