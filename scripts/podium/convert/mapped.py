"""Stored tensors as arrays over the file's own pages, with a bound on how many of them count as ours at a time."""

from __future__ import annotations

import mmap
import os
import tempfile
import threading
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import numpy as np

from podium.convert.blocks import VIEWS
from podium.convert.containers.storage import STORAGES, stored_bytes
from podium.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from podium.convert.blocks import Array
    from podium.convert.containers import Stored

# Mapped pages count as memory of the process until they are given back.
RESIDENT_BYTES = 32 << 20
DECODED_GROUPS = 1 << 12
SCALE_BYTES = 4


class Mapped:
    """One tensor's values in their file, flat. `kind` is a key of `VIEWS`; call `touched` after every use."""

    def __init__(self, stream: IO[bytes], kind: str, begin: int, elements: int) -> None:
        dtype = np.dtype(VIEWS[kind])
        lead = begin % mmap.ALLOCATIONGRANULARITY
        length = lead + elements * dtype.itemsize
        self.kind = kind
        self._pages = mmap.mmap(stream.fileno(), length, access=mmap.ACCESS_READ, offset=begin - lead)
        self.values: Array = np.frombuffer(self._pages, dtype, elements, lead)
        self._is_small = length <= RESIDENT_BYTES
        self._touched_bytes = 0
        self._counting = threading.Lock()

    def touched(self, block: Array) -> None:
        """Give the pages back when more than the bound may have come in; who still reads them, gets them again."""
        if self._is_small:
            return
        with self._counting:
            self._touched_bytes += sum((n - 1) * stride for n, stride in zip(block.shape, block.strides, strict=True))
            if self._touched_bytes > RESIDENT_BYTES:
                self._pages.madvise(mmap.MADV_DONTNEED)
                self._touched_bytes = 0


def _refuse(stored: Stored, why: str) -> CheckpointError:
    message = f"{stored.path}: {stored.name} {why}"
    return CheckpointError(message, hint="fetch or export the checkpoint again")


def _open(stored: Stored) -> IO[bytes]:
    try:
        stream = stored.path.open("rb")
    except OSError as err:
        raise _refuse(stored, f"cannot be read: {err.strerror}") from err
    # A mapping that reaches past the end of its file kills the process when touched.
    if os.fstat(stream.fileno()).st_size < stored.end:
        stream.close()
        raise _refuse(stored, f"ends at byte {stored.end}, past the end of the file")
    return stream


def _decoded(stored: Stored, stream: IO[bytes], elements: int) -> Iterator[Array]:
    """Values of a kind that is stored in groups, some thousand groups at a time. Raises CheckpointError."""
    storage = STORAGES[stored.dtype]
    lead = 0 if storage.values else SCALE_BYTES  # one group a tensor: its scale, then `bytes` a value
    scale = os.pread(stream.fileno(), lead, stored.begin)
    left = elements
    for begin in range(stored.begin + lead, stored.end, DECODED_GROUPS * storage.bytes):
        data = os.pread(stream.fileno(), min(DECODED_GROUPS * storage.bytes, stored.end - begin), begin)
        # A scale that is not finite makes values that are not; whoever moves the values names them.
        with np.errstate(all="ignore"):
            values = storage.decode(np.frombuffer(scale + data, np.uint8))[:left]
        left -= values.size
        yield values


@contextmanager
def mapped(stored: Stored, elements: int, folder: Path) -> Iterator[Mapped]:
    """Map a tensor of `elements` values; other kinds than `VIEWS` are decoded to a nameless float32 file in `folder`.

    Raises CheckpointError when the bytes are not those of so many values.
    """
    if stored.dtype not in STORAGES:
        raise _refuse(stored, f"is stored as {stored.dtype}, which is no kind of weight")
    held_bytes = stored.end - stored.begin
    if stored_bytes(stored.dtype, elements) != held_bytes:
        raise _refuse(stored, f"holds {held_bytes} bytes, which are not {elements} values of kind {stored.dtype}")
    with _open(stored) as stream:
        if stored.dtype in VIEWS:
            yield Mapped(stream, stored.dtype, stored.begin, elements)
            return
        with tempfile.TemporaryFile(dir=folder) as decoded:
            for values in _decoded(stored, stream, elements):
                decoded.write(values.data)
            decoded.flush()
            yield Mapped(decoded, "F32", 0, elements)
