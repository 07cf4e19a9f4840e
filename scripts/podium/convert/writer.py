"""The SafeTensors writer: header first, then one tensor after the other, checked, reordered and cast on the way.

Memory does not grow with the model: a few bands are in work, and a second thread digests them in the order of the
file. Whatever fails, no weight file stays behind; killed, only temporary files do, and the next run removes them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from podium.convert.bands import BAND_VALUES, bands_of, filler
from podium.convert.blocks import FORMATS
from podium.errors import CheckpointError, StorageError
from podium.files import atomic_writer, sha256_bytes, write_atomic
from podium.records import FileDigest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from podium.convert.blocks import Array
    from podium.convert.mapping import Tensor

DTYPES = FORMATS
ALIGNMENT = 8
BLOCKS_IN_WORK = 4
# For larger writes the kernel takes 2 MiB pages, and on a virtual machine those are the ones that the host has to give
# first: ten times the system time. `cp` writes so much at a time too.
WRITE_BYTES = 128 << 10
# The disk begins after so much, not at the end: a last fsync of everything would take as long as all the rest.
SYNC_BYTES = 64 << 20
SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
# What a model folder may hold of an earlier run: weight files, their index, and temporary files of `atomic_writer`.
WEIGHTS = ("model.safetensors", "model-*-of-*.safetensors", INDEX)
TEMPORARIES = tuple(f".{name}.*.tmp" for name in WEIGHTS)


class _Shard(msgspec.Struct, frozen=True):
    name: str
    tensors: tuple[Tensor, ...]


class _DigestedFile:
    """A file written block by block; two more threads digest it and bring it to disk while the next ones are made."""

    def __init__(self, descriptor: int, threads: ExitStack, block_bytes: int) -> None:
        self._descriptor = descriptor
        # One thread each: blocks are digested in the order of the file, and never wait for the disk.
        self._digesting = threads.enter_context(ThreadPoolExecutor(1, "digest"))
        self._syncing = threads.enter_context(ThreadPoolExecutor(1, "sync"))
        self._digest = hashlib.sha256()
        self._blocks = [np.empty(block_bytes, np.uint8) for _ in range(BLOCKS_IN_WORK)]
        self._pending: list[Future[None] | None] = [None] * BLOCKS_IN_WORK
        self._taken = self._sent = 0
        self._sync: Future[None] | None = None
        self._synced_bytes = 0
        self.size_bytes = 0

    def block(self, size_bytes: int) -> Array:
        """Memory for the next block, once its earlier content is digested. Blocks are sent in the order taken."""
        turn = self._taken % BLOCKS_IN_WORK
        self._taken += 1
        self._wait(turn)
        return self._blocks[turn][:size_bytes]

    def send(self, block: Array) -> None:
        """Write what `block` gave and have it digested."""
        self._pending[self._sent % BLOCKS_IN_WORK] = self._digesting.submit(self._digest.update, block.data)
        self._sent += 1
        rest = block.data
        while rest:
            rest = rest[os.write(self._descriptor, rest[:WRITE_BYTES]) :]
        self.size_bytes += block.size
        if self.size_bytes - self._synced_bytes >= SYNC_BYTES and (self._sync is None or self._sync.done()):
            self._finish_sync()
            self._sync = self._syncing.submit(os.fdatasync, self._descriptor)
            self._synced_bytes = self.size_bytes

    def hexdigest(self) -> str:
        """SHA-256 of everything sent."""
        for turn in range(BLOCKS_IN_WORK):
            self._wait(turn)
        self._finish_sync()
        return self._digest.hexdigest()

    def _finish_sync(self) -> None:
        # The system tells a failure once; a later fsync of the same file would be content.
        if self._sync:
            self._sync.result()

    def _wait(self, turn: int) -> None:
        pending, self._pending[turn] = self._pending[turn], None
        if pending:
            pending.result()


def _header(tensors: Sequence[Tensor], dtype: str) -> bytes:
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for tensor in tensors:
        end = offset + _bytes_of(tensor, dtype)
        if tensor.name in entries:
            message = f"two tensors of the model are called {tensor.name!r}"
            raise CheckpointError(message, hint="export the checkpoint again; each tensor belongs in it once")
        shape = list(tensor.shape)
        entries[tensor.name] = {"dtype": FORMATS[dtype].label, "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def _bytes_of(tensor: Tensor, dtype: str) -> int:
    return tensor.elements * np.dtype(FORMATS[dtype].bits).itemsize


def _shards(tensors: Sequence[Tensor], dtype: str, shard_bytes: int | None) -> list[_Shard]:
    """Fill shard after shard in order; a tensor larger than a shard has one for itself."""
    groups: list[list[Tensor]] = [[]]
    filled = 0
    for tensor in tensors:
        size = _bytes_of(tensor, dtype)
        if shard_bytes is not None and groups[-1] and filled + size > shard_bytes:
            groups.append([])
            filled = 0
        groups[-1].append(tensor)
        filled += size
    if len(groups) == 1:
        return [_Shard(SINGLE, tuple(groups[0]))]
    return [
        _Shard(f"model-{number:05}-of-{len(groups):05}.safetensors", tuple(group))
        for number, group in enumerate(groups, 1)
    ]


def _index(shards: Sequence[_Shard], dtype: str) -> bytes:
    tensors = [tensor for shard in shards for tensor in shard.tensors]
    metadata = {
        "total_parameters": sum(tensor.elements for tensor in tensors),
        "total_size": sum(_bytes_of(tensor, dtype) for tensor in tensors),
    }
    weight_map = {tensor.name: shard.name for shard in shards for tensor in shard.tensors}
    return (json.dumps({"metadata": metadata, "weight_map": weight_map}, indent=2, sort_keys=True) + "\n").encode()


class _InWork(msgspec.Struct, frozen=True):
    """A block that another thread fills; with it goes what is to be closed once its tensor is done."""

    filling: Future[None]
    block: Array
    last_of: ExitStack | None

    def finished(self) -> tuple[Array, bool]:
        """The block, once it is filled, and whether it ends its tensor."""
        self.filling.result()
        if self.last_of:
            self.last_of.close()
        return self.block, self.last_of is not None


def _filled(
    tensors: Sequence[Tensor], dtype: str, folder: Path, file: _DigestedFile, threads: ExitStack
) -> Iterator[tuple[Array, bool]]:
    """All blocks in the order of the file; each is filled while the one before is written."""
    bits = np.dtype(FORMATS[dtype].bits)
    pool = threads.enter_context(ThreadPoolExecutor(1, "fill"))
    ahead: deque[_InWork] = deque()
    for tensor in tensors:
        opened = threads.enter_context(ExitStack())
        fill = opened.enter_context(filler(tensor, dtype, folder))
        bands = list(bands_of(tensor))
        for band in bands:
            rows, columns = band.shape
            block = file.block(rows * columns * bits.itemsize)
            filling = pool.submit(fill, band, block.view(bits).reshape(rows, columns))
            ahead.append(_InWork(filling, block, opened if band is bands[-1] else None))
            if len(ahead) > 1:
                yield ahead.popleft().finished()
    while ahead:
        yield ahead.popleft().finished()


def _write_shard(path: Path, shard: _Shard, dtype: str, report_advance: Callable[[], None]) -> FileDigest:
    with atomic_writer(path) as stream, ExitStack() as threads:
        header = np.frombuffer(_header(shard.tensors, dtype), np.uint8)
        block_bytes = max(BAND_VALUES * np.dtype(FORMATS[dtype].bits).itemsize, header.size)
        file = _DigestedFile(stream.fileno(), threads, block_bytes)
        block = file.block(header.size)
        block[...] = header
        file.send(block)
        for block, is_last in _filled(shard.tensors, dtype, path.parent, file, threads):
            file.send(block)
            if is_last:
                report_advance()
        return FileDigest(path=path.name, size_bytes=file.size_bytes, sha256=file.hexdigest())


def _remove(folder: Path, patterns: Sequence[str], kept: Sequence[str] = ()) -> None:
    try:
        for path in [path for pattern in patterns for path in folder.glob(pattern) if path.name not in kept]:
            path.unlink()
    except OSError as err:
        message = f"cannot remove what an earlier run left in {folder}: {err.strerror}"
        raise StorageError(message, hint="remove it or choose another output folder") from err


def _refuse_links(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        if (folder / name).is_symlink():
            message = f"{folder / name} is a symbolic link, and what it points to is not ours to replace"
            raise StorageError(message, hint=f"rm {folder / name}, or choose another output folder")


def write_model_files(
    folder: Path,
    tensors: Sequence[Tensor],
    dtype: str,
    report_advance: Callable[[], None],
    *,
    shard_bytes: int | None = None,
) -> list[FileDigest]:
    """Write the model's weights into `folder`: one file, or shards and their index when `shard_bytes` is exceeded.

    Calls `report_advance` once a tensor. Raises CheckpointError for a value that is not finite or does not fit the
    dtype, StorageError when the disk refuses or an output is a symbolic link; no weight file is left then.
    """
    shards = _shards(tensors, dtype, shard_bytes)
    names = [shard.name for shard in shards] + ([INDEX] if len(shards) > 1 else [])
    _refuse_links(folder, names)
    _remove(folder, TEMPORARIES)
    digests: list[FileDigest] = []
    try:
        for shard in shards:
            digests.append(_write_shard(folder / shard.name, shard, dtype, report_advance))
        if len(shards) > 1:
            index = _index(shards, dtype)
            write_atomic(folder / INDEX, index)
            digests.append(FileDigest(path=INDEX, size_bytes=len(index), sha256=sha256_bytes(index)))
    except BaseException:
        # Shards without their index are no model.
        _remove(folder, [digest.path for digest in digests])
        raise
    # Of new weights beside old ones, a loader may take the old.
    _remove(folder, WEIGHTS, kept=names)
    return digests
