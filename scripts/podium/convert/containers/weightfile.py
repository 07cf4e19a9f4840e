"""A weight file while its directory of tensors is read: bounded reads, and refusals that name file, tensor and offset.

Only regular files are opened (a symbolic link is followed to one), so that a pipe or a device cannot stall the reader.
"""

from __future__ import annotations

import math
import os
import stat
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, NoReturn

from podium.convert.containers.storage import stored_bytes
from podium.convert.containers.stored import Stored
from podium.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MAX_REASON = 1000
MAX_RANK = 64
MAX_ELEMENTS = (1 << 63) - 1
# Each costs half a KiB of memory; the largest published models have under 100,000.
MAX_TENSORS = 1 << 17
# A part (an item, a key, a list...) of 2 bytes can take 200 in memory. A header spends 13 on a tensor.
MAX_JSON_PARTS = 1 << 21
AGAIN = "the file is damaged or cut short: fetch it again, or let training export it again"


class WeightFile:
    """One open file of `size` bytes. `kind` is what the refusals call it."""

    def __init__(self, path: Path, kind: str, stream: IO[bytes], size: int) -> None:
        self.path = path
        self.kind = kind
        self.size = size
        self._stream = stream

    def refuse(self, why: str, hint: str = AGAIN, *, cause: Exception | None = None) -> NoReturn:
        """Raise CheckpointError: this file cannot be read because of `why`, where words of the file may be quoted."""
        # Neither a line break nor a name of 64 KiB that the file holds may spoil the log.
        said = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in why[:MAX_REASON])
        message = f"{self.path} is not a readable {self.kind} file: {said}"
        raise CheckpointError(message, hint=hint) from cause

    def read(self, begin: int, count: int, what: str) -> bytes:
        """Exactly `count` bytes from `begin`. Raises CheckpointError, before allocating, where the file ends sooner."""
        if begin + count > self.size:
            self.refuse(f"{what} at bytes {begin} to {begin + count} leaves the file of {self.size} bytes")
        self._stream.seek(begin)
        data = self._stream.read(count)
        if len(data) != count:
            self.refuse(f"it shrank while {what} at byte {begin} was read")
        return data

    def read_json(self, begin: int, count: int, what: str) -> bytes:
        """The bytes of a JSON text that has so few parts that parsing it cannot fill the memory."""
        data = self.read(begin, count, what)
        parts = sum(data.count(mark) for mark in b"{[,:")
        if parts > MAX_JSON_PARTS:
            self.refuse(f"{what} at byte {begin} is JSON of {parts} parts; at most {MAX_JSON_PARTS} are read")
        return data

    def fits(self, tensor: Stored) -> None:
        """Check that a tensor's bytes are as many as its kind and shape take. Raises CheckpointError."""
        where = f"tensor {tensor.name!r} at bytes {tensor.begin} to {tensor.end}"
        if len(tensor.shape) > MAX_RANK:
            self.refuse(f"{where} has {len(tensor.shape)} dimensions; at most {MAX_RANK} are read")
        label = f"{tensor.dtype} {list(tensor.shape)}"
        # A dimension of 0 must not hide what the others overflow; the reference reader refuses that too.
        if math.prod(size or 1 for size in tensor.shape) > MAX_ELEMENTS:
            self.refuse(f"{where}: {label} overflows 64 bits")
        try:
            wanted = stored_bytes(tensor.dtype, tensor.elements)
        except ValueError as err:
            self.refuse(f"{where}: {label}: {err}", cause=err)
        if tensor.end - tensor.begin != wanted:
            self.refuse(f"{where} holds {tensor.end - tensor.begin} bytes but {label} takes {wanted}")

    def apart(self, tensors: Iterable[Stored], begin: int, end: int) -> list[Stored]:
        """The tensors in the order of their bytes, all between `begin` and `end`. Raises CheckpointError on overlap."""
        ordered = sorted(tensors, key=lambda tensor: (tensor.begin, tensor.end))
        before, owner = begin, "the header"
        for tensor in ordered:
            where = f"tensor {tensor.name!r} at bytes {tensor.begin} to {tensor.end}"
            if tensor.end > end:
                self.refuse(f"{where} leaves the data, which end at byte {end} (the file has {self.size} bytes)")
            if tensor.begin < before:
                self.refuse(f"{where} overlaps {owner}, which ends at byte {before}")
            before, owner = tensor.end, f"tensor {tensor.name!r}"
        return ordered


@contextmanager
def open_weights(path: Path, kind: str) -> Iterator[WeightFile]:
    """Open a regular file for one reader; every fault of the disk becomes a CheckpointError naming the file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                message = f"{path} is not a regular file"
                raise CheckpointError(message, hint="name the weight file itself")
            with os.fdopen(descriptor, "rb", closefd=False) as stream:
                yield WeightFile(path, kind, stream, status.st_size)
        finally:
            os.close(descriptor)
    except OSError as err:
        message = f"cannot read {path}: {err.strerror}"
        raise CheckpointError(message, hint="check the path and its permissions") from err
