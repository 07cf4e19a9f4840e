"""The SafeTensors writer: header first, then one tensor after the other, checked, reordered and cast on the way.

Memory does not grow with the model: two threads fill and write a few bands, each at its place; the caller's own digests
them in the order of the file, and one more brings them to disk. Whatever fails, no weight file stays behind; killed,
only temporary files do, and the next run removes them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from podium.convert.bands import BAND_VALUES, bands_of, filler
from podium.convert.blocks import FORMATS, Scratch
from podium.errors import CheckpointError, StorageError
from podium.files import atomic_writer, sha256_bytes, write_atomic, write_remedy
from podium.records import FileDigest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from podium.convert.bands import Band
    from podium.convert.blocks import Array
    from podium.convert.mapping import Tensor

DTYPES = FORMATS
ALIGNMENT = 8
WORKERS = 2
# For much larger writes the kernel takes 2 MiB pages, and on a virtual machine those are the ones that the host has to
# give first: ten times the system time. Smaller ones cost calls.
WRITE_BYTES = 256 << 10
BLOCKS_IN_WORK = 10
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


class _Disk:
    """Brings a file to disk while it is written, every `SYNC_BYTES`, in a thread of its own."""

    def __init__(self, descriptor: int, pool: ThreadPoolExecutor) -> None:
        self._descriptor = descriptor
        self._pool = pool
        self._sync: Future[None] | None = None
        self._waiting_bytes = 0

    def written(self, size_bytes: int) -> None:
        """Count what was written, and begin when it is enough and the last time is over. Raises OSError."""
        self._waiting_bytes += size_bytes
        if self._waiting_bytes >= SYNC_BYTES and (self._sync is None or self._sync.done()):
            self.finish()
            self._sync = self._pool.submit(os.fdatasync, self._descriptor)
            self._waiting_bytes = 0

    def finish(self) -> None:
        """Wait. Raises OSError: the system tells a failure once, a later fsync of the same file would be content."""
        if self._sync:
            self._sync.result()


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


class _Ahead(msgspec.Struct, frozen=True):
    """A block in work: `memory` lends its room, `last_of` is what to close when it ends its tensor."""

    written: Future[None]
    memory: Array
    block: Array
    last_of: ExitStack | None

    def finished(self) -> tuple[Array, bool]:
        """The block, once it is written, and whether it ends its tensor."""
        self.written.result()
        if self.last_of:
            self.last_of.close()
        return self.block, self.last_of is not None


def _write_at(descriptor: int, block: Array, offset: int) -> None:
    rest = block.data
    while rest:
        count = os.pwrite(descriptor, rest[:WRITE_BYTES], offset)
        rest, offset = rest[count:], offset + count


def _blocks(shard: _Shard, dtype: str, folder: Path, descriptor: int, offset: int) -> Generator[tuple[Array, bool]]:
    """Every block in the order of the file, written from `offset` on, and whether it ends a tensor.

    Its memory is used again when the next one is asked for.
    """
    bits = np.dtype(FORMATS[dtype].bits)
    free = [np.empty(BAND_VALUES * bits.itemsize, np.uint8) for _ in range(BLOCKS_IN_WORK)]
    ahead: deque[_Ahead] = deque()
    scratch = Scratch()

    def write(fill: Callable[[Band, Array], None], band: Band, block: Array, at: int) -> None:
        fill(band, block.view(bits).reshape(band.shape))
        _write_at(descriptor, block, at)

    # The threads end before what they read is closed.
    with ExitStack() as sources, ThreadPoolExecutor(WORKERS, "write") as pool:
        for tensor in shard.tensors:
            opened = sources.enter_context(ExitStack())
            fill = opened.enter_context(filler(tensor, dtype, folder, scratch))
            bands = list(bands_of(tensor))
            for band in bands:
                if not free:
                    oldest = ahead.popleft()
                    yield oldest.finished()
                    free.append(oldest.memory)
                memory = free.pop()
                block = memory[: band.shape[0] * band.shape[1] * bits.itemsize]
                written = pool.submit(write, fill, band, block, offset)
                ahead.append(_Ahead(written, memory, block, opened if band is bands[-1] else None))
                offset += block.size
        for last in ahead:
            yield last.finished()


def _write_shard(path: Path, shard: _Shard, dtype: str, report_advance: Callable[[], None]) -> FileDigest:
    header = _header(shard.tensors, dtype)
    size_bytes = len(header) + sum(_bytes_of(tensor, dtype) for tensor in shard.tensors)
    with atomic_writer(path) as stream, ThreadPoolExecutor(1, "sync") as pool:
        # A full disk shows now and not after minutes, and the system, which knows what is coming, needs half the time.
        os.posix_fallocate(stream.fileno(), 0, size_bytes)
        digest = hashlib.sha256()
        digest.update(header)
        _write_at(stream.fileno(), np.frombuffer(header, np.uint8), 0)
        disk = _Disk(stream.fileno(), pool)
        # Whatever happens, nobody writes any more when the file is closed: its number may soon be another file's.
        with closing(_blocks(shard, dtype, path.parent, stream.fileno(), len(header))) as blocks:
            for block, is_last in blocks:
                digest.update(block.data)
                disk.written(block.size)
                if is_last:
                    report_advance()
        disk.finish()
    return FileDigest(path=path.name, size_bytes=size_bytes, sha256=digest.hexdigest())


def _remove(folder: Path, patterns: Sequence[str], kept: Sequence[str] = ()) -> None:
    try:
        for path in [path for pattern in patterns for path in folder.glob(pattern) if path.name not in kept]:
            path.unlink()
    except OSError as err:
        message = f"cannot remove what an earlier run left in {folder}: {err.strerror}"
        raise StorageError(message, hint=write_remedy(err, "choose another output folder")) from err


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
