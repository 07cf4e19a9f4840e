"""The SafeTensors container, in one file or in shards, read with suspicion: strict JSON, bounds, no overlap, no gap.

Only headers are read into memory. What is accepted here the reference reader accepts too, and with the same content.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec

from podium.convert.containers.storage import OTHER_SIZES, PLAIN
from podium.convert.containers.stored import Container, Stored
from podium.convert.containers.unsupported import refuse_unsupported
from podium.convert.containers.weightfile import MAX_RANK, MAX_TENSORS, WeightFile, open_weights

if TYPE_CHECKING:
    from pathlib import Path

PREFIX_BYTES = 8
# The reference reader refuses larger headers.
MAX_HEADER_BYTES = 100_000_000
DTYPES = {"F32", "F16", "BF16", *OTHER_SIZES} - {"Q5_K"}
METADATA = "__metadata__"
HEADER = f"its header at byte {PREFIX_BYTES}"
EXPORT = "the exporter wrote a broken header: export the checkpoint again with a current safetensors library"
MIXED = "index and shards are from different exports: fetch all of them from the same one"

Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
Parsed = TypeVar("Parsed")


class TensorEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tensor in the header; offsets count from the end of the header."""

    dtype: str
    shape: Annotated[list[Count], msgspec.Meta(max_length=MAX_RANK)]
    data_offsets: tuple[Count, Count]


class Index(msgspec.Struct, frozen=True):
    """model.safetensors.index.json: which shard holds which tensor."""

    weight_map: dict[str, str]


def read_safetensors(path: Path) -> Container:
    """Read and check everything but the values. Raises CheckpointError naming file, tensor and offset."""
    with open_weights(path, "SafeTensors") as file:
        header, data_begin = _header(file)
        metadata = _parsed(file, header.pop(METADATA, msgspec.Raw(b"{}")), dict[str, str], f"{METADATA} in {HEADER}")
        tensors = {name: _tensor(file, name, raw, data_begin) for name, raw in header.items()}
        _check_coverage(file, tensors, data_begin)
    return Container(kind="safetensors", paths=(path,), metadata=metadata, tensors=tensors)


def _header(file: WeightFile) -> tuple[dict[str, msgspec.Raw], int]:
    begin = file.read(0, min(PREFIX_BYTES + 1, file.size), "the begin")
    size = int.from_bytes(begin[:PREFIX_BYTES], "little")
    end = PREFIX_BYTES + size
    # A header of 640 bytes begins as a pickle does, so a file that could be SafeTensors is not asked what else it is.
    if end > file.size or begin[PREFIX_BYTES:] not in b"{ ":
        refuse_unsupported(file)
    if file.size < PREFIX_BYTES:
        file.refuse(f"{file.size} bytes are too short for the length of a header")
    if size > MAX_HEADER_BYTES:
        file.refuse(f"{HEADER} is said to have {size} bytes; at most {MAX_HEADER_BYTES}")
    data = file.read_json(PREFIX_BYTES, size, "its header")
    header = _parsed(file, data, dict[str, msgspec.Raw], HEADER)
    if len(header) > MAX_TENSORS:
        file.refuse(f"{HEADER} has {len(header)} tensors; at most {MAX_TENSORS} are read")
    _check_keys(file, data, HEADER)
    return header, end


def _parsed(file: WeightFile, data: bytes | msgspec.Raw, shape: type[Parsed], where: str) -> Parsed:
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.ValidationError as err:
        file.refuse(f"{where}: {err}", EXPORT, cause=err)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
        file.refuse(f"{where} is not strict JSON: {err}", EXPORT, cause=err)


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    """Forget every object as soon as its keys are checked, so that a large header costs little more than its text."""
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            message = f"duplicate key {key!r}"
            raise ValueError(message)
        seen.add(key)


def _check_keys(file: WeightFile, data: bytes, where: str) -> None:
    """Refuse a text that gives a key twice; msgspec would let the last one win."""
    try:
        json.loads(data, object_pairs_hook=_distinct)
    except (ValueError, RecursionError) as err:
        file.refuse(f"{where} is not strict JSON: {err}", EXPORT, cause=err)


def _tensor(file: WeightFile, name: str, raw: msgspec.Raw, data_begin: int) -> Stored:
    entry = _parsed(file, raw, TensorEntry, f"tensor {name!r} in {HEADER}")
    begin, end = (data_begin + offset for offset in entry.data_offsets)
    where = f"tensor {name!r} at bytes {begin} to {end}"
    if entry.dtype not in DTYPES:
        file.refuse(f"{where} has the unknown dtype {entry.dtype!r}", f"export the weights as {PLAIN}")
    if begin > end:
        file.refuse(f"{where} ends before it begins")
    tensor = Stored(name=name, path=file.path, dtype=entry.dtype, shape=tuple(entry.shape), begin=begin, end=end)
    file.fits(tensor)
    return tensor


def _check_coverage(file: WeightFile, tensors: dict[str, Stored], data_begin: int) -> None:
    """The tensors cover the data without a hole: bytes that nobody reads could be another file's."""
    covered = data_begin
    for tensor in file.apart(tensors.values(), data_begin, file.size):
        if tensor.begin != covered:
            file.refuse(f"bytes {covered} to {tensor.begin} before tensor {tensor.name!r} belong to no tensor")
        covered = tensor.end
    if covered != file.size:
        file.refuse(f"bytes {covered} to {file.size} after the last tensor belong to no tensor")


def read_sharded(index: Path) -> Container:
    """Read the shards that a model.safetensors.index.json names; index and headers must agree both ways.

    Shards are named by plain names and lie beside the index. Raises CheckpointError naming file and tensor.
    """
    with open_weights(index, "SafeTensors index") as file:
        wanted = _weight_map(file)
        paths: list[Path] = []
        found: dict[str, Stored] = {}
        metadata: dict[str, str] = {}
        for shard_name in sorted(set(wanted.values())):
            shard = read_safetensors(index.parent / shard_name)
            _check_shard(file, shard, wanted)
            paths += shard.paths
            found |= shard.tensors
            metadata |= shard.metadata
        for name, shard_name in wanted.items():
            if name not in found:
                file.refuse(f"tensor {name!r} is not in {shard_name}, where the index places it", MIXED)
    return Container(kind="safetensors", paths=tuple(paths), metadata=metadata, tensors=found)


def _weight_map(file: WeightFile) -> dict[str, str]:
    if file.size > MAX_HEADER_BYTES:
        file.refuse(f"{file.size} bytes are too long for an index; at most {MAX_HEADER_BYTES}")
    data = file.read_json(0, file.size, "the index")
    wanted = _parsed(file, data, Index, "the index").weight_map
    _check_keys(file, data, "the index")
    if not 0 < len(wanted) <= MAX_TENSORS:
        file.refuse(f"weight_map has {len(wanted)} tensors; 1 to {MAX_TENSORS} are read")
    for tensor, name in wanted.items():
        if not name.endswith(".safetensors") or not name.isprintable() or set(name) & set("/\\"):
            hint = "an index names shards that lie beside it, by plain names like model-00001-of-00002.safetensors"
            file.refuse(f"weight_map places tensor {tensor!r} in {name!r}, which is no plain name of a shard", hint)
    return wanted


def _check_shard(file: WeightFile, shard: Container, wanted: dict[str, str]) -> None:
    for name, tensor in shard.tensors.items():
        if wanted.get(name) != tensor.path.name:
            place = f"in {wanted[name]}" if name in wanted else "nowhere"
            why = f"tensor {name!r} at byte {tensor.begin} of {tensor.path.name} is placed {place} by the index"
            file.refuse(why, MIXED)
