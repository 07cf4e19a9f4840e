"""The compiled kernels: built where they can be, done without where they cannot, shared among threads."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

import pytest
import torch
from tests.unit.generate.tiny import MAX_LENGTH, tiny_task, write_tiny

from podium.generate.backends.native import kernels as module
from podium.generate.backends.native.backend import NativeBackend
from podium.generate.backends.native.kernels import WORTH_A_THREAD, in_parts, kernels, torchs_threads
from podium.records import Sampling

if TYPE_CHECKING:
    from pathlib import Path


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


@pytest.mark.parametrize("capability", ["DEFAULT", "AVX512"])
def test_a_processor_without_avx2_or_with_more_does_without(monkeypatch: pytest.MonkeyPatch, capability: str) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert kernels() is None


EDGE = """
import ctypes, mmap
import torch
from podium.generate.backends.native.linear import TiledLinear
from podium.generate.backends.native.prompt import KernelPrompt

libc, held = ctypes.CDLL(None, use_errno=True), []

def at_the_edge(tensor):
    '''The same numbers, behind the last of which no memory may be touched.'''
    size = tensor.numel() * tensor.element_size()
    room = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
    memory = mmap.mmap(-1, room + mmap.PAGESIZE)
    begin = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    assert libc.mprotect(ctypes.c_void_p(begin + room), mmap.PAGESIZE, 0) == 0, ctypes.get_errno()
    held.append(memory)
    moved = torch.frombuffer(memory, dtype=tensor.dtype, count=tensor.numel(), offset=room - size)
    return moved.view(tensor.shape).copy_(tensor)

# Results and scratch memory too.
anywhere = torch.Tensor.new_empty
torch.Tensor.new_empty = lambda *shape: at_the_edge(anywhere(*shape))
for dtype in (torch.float32, torch.bfloat16):
    for rows, inputs, outputs in ((1, 30, 21), (5, 30, 21), (6, 192, 16), (13, 200, 161)):
        layer = TiledLinear(torch.ones(outputs, inputs, dtype=dtype), torch.ones(outputs, dtype=dtype))
        layer._panels, layer._first = at_the_edge(layer._panels), at_the_edge(layer._first)
        # Its own conversion would copy half precision elsewhere.
        assert (layer(at_the_edge(torch.ones(rows, inputs))) == inputs + 1).all()
    for group, positions in ((1, 1), (6, 4), (4, 35)):
        prompt = KernelPrompt(torch.ones(1, 2, 1, 2, 3, 8, dtype=dtype))
        prompt._layers = at_the_edge(prompt._layers)
        own = [at_the_edge(torch.ones(5, 2, positions, 8, dtype=dtype)) for _ in range(2)]
        assert torch.allclose(prompt.attend(0, at_the_edge(torch.ones(5, 2, group, 8)), *own), torch.ones(1))
print("nothing beyond was touched")
"""


@pytest.mark.world
@pytest.mark.skipif(kernels() is None, reason="needs the kernels")
def test_nothing_behind_rows_weights_queries_caches_or_scratch_memory_is_touched() -> None:
    done = subprocess.run([sys.executable, "-c", EDGE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "nothing beyond was touched\n"), done.stderr


@pytest.mark.skipif(platform.machine() != "x86_64", reason="there are kernels for x86-64 alone")
@pytest.mark.parametrize(("capability", "is_named"), [("AVX2", True), ("AVX512", False), ("DEFAULT", False)])
def test_kernels_that_could_have_been_built_are_missed_aloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capability: str, is_named: bool
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(module, "_library", lambda: None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    backend = NativeBackend(write_tiny(tmp_path))
    assert not backend.versions()["linear"].startswith("avx2")
    warnings = backend.preflight(tiny_task(), Sampling(n_samples=2, max_length=MAX_LENGTH))
    assert any("install gcc, then podium again" in warning for warning in warnings) == is_named


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


@pytest.mark.skipif(kernels() is None, reason="needs the kernels")
def test_kernels_take_torchs_threads_while_drawing_and_give_them_back() -> None:
    before, parts = torch.get_num_threads(), []
    try:
        torch.set_num_threads(3)
        with torchs_threads(), torchs_threads():
            assert torch.get_num_threads() == 1
            with ThreadPoolExecutor(1) as other:
                assert other.submit(torch.get_num_threads).result() == 1
            in_parts(lambda begin, end: parts.append((begin, end)), 30, WORTH_A_THREAD * 8)
        assert len(parts) == 3
        with pytest.raises(MemoryError), torchs_threads():
            raise MemoryError
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_an_error_in_any_part_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)

    def work(begin: int, end: int) -> None:
        if begin <= 90 < end:
            raise MemoryError

    with pytest.raises(MemoryError):
        in_parts(work, 100, WORTH_A_THREAD * 8)
