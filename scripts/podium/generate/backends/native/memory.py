"""How many samples may be in flight: what their caches need against the memory that is free."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from podium.errors import BackendError

if TYPE_CHECKING:
    from podium.generate.backends.native.shape import Shape
    from podium.records import Sampling

# More rows make the linear layers little faster from here on, and the caches larger.
MOST_SLOTS = {"cpu": 192, "cuda": 1024}
# So many make them fast enough: on a CPU more are taken only while full caches stay below this. With it a bfloat16
# model of 400 million parameters with grouped heads took at most 2.9 GiB in all over the first 950 of HumanEval's
# 164 x 50 samples, those of the longest prompts.
ENOUGH_SLOTS, ENOUGH_BYTES = 150, 2 << 30
SHARE_OF_FREE = 0.6
# glibc's numbers for the size from which an allocation is a mapping of its own, and for what is kept when freed.
MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1
LARGE_BYTES, KEPT_BYTES = 4 << 20, 64 << 20


def row_bytes(shape: Shape, sampling: Sampling, dtype: torch.dtype) -> int:
    """Bytes of one full row: keys and values of all layers, and its logits in float32 twice."""
    cache = shape.layers * 2 * shape.kv_heads * shape.head_width * sampling.max_length * dtype.itemsize
    return cache + 2 * 4 * shape.vocabulary


def slots_for(shape: Shape, sampling: Sampling, dtype: torch.dtype, device: str, free: int, loops: int = 1) -> int:
    """Samples in flight, of all `loops` together, that fit into `free` bytes, should all of them run to the end.

    Raises BackendError when not one does.
    """
    each = row_bytes(shape, sampling, dtype)
    slots = min(int(free * SHARE_OF_FREE) // each, MOST_SLOTS[device] * loops)
    if slots < 1:
        message = f"{free >> 20} MiB are free; one sample needs {each >> 20} MiB of cache"
        raise BackendError(message, hint="free memory, or pass --dtype bfloat16")
    if device == "cuda":
        return slots
    # A loop with less than a problem's samples would leave its problems in pieces.
    return min(slots, max(ENOUGH_SLOTS, ENOUGH_BYTES // each, sampling.n_samples * loops))


def give_back_large() -> None:
    """Have the C library give large tensors back to the system as soon as they are freed, and keep the others.

    By itself it learns to keep ever larger ones (up to 32 MiB), and caches that grow and shrink then leave holes that
    no other fits into. Those that every layer frees and asks for again would be fetched from the system each time.
    Where there is no such switch nothing happens.
    """
    switch = getattr(ctypes.CDLL(None), "mallopt", None)
    if switch:
        switch(MMAP_THRESHOLD, LARGE_BYTES)
        switch(TRIM_THRESHOLD, KEPT_BYTES)


def free_on(device: str) -> int:
    """Memory that is free on a device."""
    return int(torch.cuda.mem_get_info()[0]) if device == "cuda" else free_bytes()


def free_bytes(meminfo: Path = Path("/proc/meminfo"), cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Memory this process may still take: the machine's, or less where a control group limits it."""
    try:
        fields = dict(line.split(":") for line in meminfo.read_text().splitlines())
        free = int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return 4 << 30  # not Linux: enough for a few hundred rows of a small model
    try:
        limit, used = ((cgroup / name).read_text().strip() for name in ("memory.max", "memory.current"))
        return min(free, int(limit) - int(used)) if limit != "max" else free
    except (OSError, ValueError):
        return free
