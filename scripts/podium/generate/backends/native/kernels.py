"""Our compiled kernels (gemm.c and attention.c) and the threads that share their work. Absent, torch's are used."""

from __future__ import annotations

import ctypes
import platform
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from threading import Lock
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Multiplications from which on a second thread is worth its start.
WORTH_A_THREAD = 1 << 22


def kernels() -> Any:
    """The compiled kernels; None where they were not built or this processor does not have just AVX2.

    They are built when the package is installed and a C compiler is at hand. oneDNN knows wider vectors.
    """
    return _library() if _has_just_avx2() else None


def are_missing() -> bool:
    """Whether this processor could run the kernels if they had been built."""
    return platform.machine() == "x86_64" and _has_just_avx2() and kernels() is None


def _has_just_avx2() -> bool:
    return torch.backends.cpu.get_cpu_capability() == "AVX2"


@cache
def _library() -> Any:
    spec = find_spec("podium.generate.backends.native._kernels")
    if spec is None or spec.origin is None:
        return None
    try:
        library = ctypes.CDLL(spec.origin)
    except OSError:  # built for another machine
        return None
    if not hasattr(library, "podium_multiply"):  # likewise: for another processor the C files are empty
        return None
    pointer, number = ctypes.c_void_p, ctypes.c_long
    library.podium_pack_rows.argtypes = [pointer, number, number, pointer]
    library.podium_multiply_room.argtypes, library.podium_multiply_room.restype = [number], number
    library.podium_multiply.argtypes = [pointer] * 3 + [number] * 6 + [pointer] * 2
    library.podium_attend.argtypes = [pointer] * 5 + [number] * 10 + [pointer] * 2
    for kernel in (library.podium_pack_rows, library.podium_multiply, library.podium_attend):
        kernel.restype = None
    return library


# Threads that torch has lent (0 while it has not), and how many loops share them.
_taken = _sharing = 0
_lock = Lock()


@contextmanager
def torchs_threads() -> Iterator[None]:
    """Have the kernels use torch's threads and torch only one: between its operations they would wait busily.

    Without kernels nothing changes.
    """
    global _taken
    before = torch.get_num_threads()
    if kernels() is None or _taken:
        yield
        return
    _taken = before
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        _taken = 0


@contextmanager
def share_threads() -> Iterator[None]:
    """Work beside others that do the same: each has its share of the threads, a larger one once others are done."""
    global _sharing
    with _lock:
        _sharing += 1
    try:
        yield
    finally:
        with _lock:
            _sharing -= 1


def in_parts(work: Callable[[int, int], None], count: int, multiplications: int) -> None:
    """Call `work(begin, end)` for parts of `count`, on as many threads as there are and the work is worth."""
    share = max((_taken or torch.get_num_threads()) // max(_sharing, 1), 1)
    threads = min(share, count, 1 + multiplications // WORTH_A_THREAD)
    first, *others = pairwise([count * number // threads for number in range(threads + 1)])
    running = [_threads().submit(work, *part) for part in others]
    work(*first)
    for part in running:
        part.result()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="podium-kernel")
