"""The SafeTensors container, read with suspicion: header bounds, strict JSON, ranges inside the file, no overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from podium.errors import CheckpointError, RecordError
from podium.files import parse_json

if TYPE_CHECKING:
    from pathlib import Path

PREFIX_BYTES = 8
# The reference reader refuses larger headers.
MAX_HEADER_BYTES = 100_000_000


class TensorEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tensor in the header; offsets count from the end of the header."""

    dtype: str
    shape: list[Annotated[int, msgspec.Meta(ge=0)]]
    data_offsets: tuple[Annotated[int, msgspec.Meta(ge=0)], Annotated[int, msgspec.Meta(ge=0)]]


class Header(msgspec.Struct, frozen=True):
    """What a SafeTensors file says of itself. `data_begin` is the file offset of the first tensor byte."""

    tensors: dict[str, TensorEntry]
    metadata: dict[str, str]
    data_begin: int


def _refuse(path: Path, why: str) -> CheckpointError:
    return CheckpointError(f"{path} is not a readable SafeTensors file: {why}", hint="fetch or export the file again")


def _read_header_json(path: Path) -> tuple[dict[str, Any], int, int]:
    try:
        file_bytes = path.stat().st_size
        with path.open("rb") as stream:
            prefix = stream.read(PREFIX_BYTES)
            header_bytes = int.from_bytes(prefix, "little")
            if len(prefix) < PREFIX_BYTES or header_bytes > min(file_bytes - PREFIX_BYTES, MAX_HEADER_BYTES):
                raise _refuse(path, f"header of {header_bytes} bytes in a file of {file_bytes} bytes")
            value = parse_json(stream.read(header_bytes), f"{path} header")
    except OSError as err:
        raise _refuse(path, str(err.strerror)) from err
    except RecordError as err:
        raise _refuse(path, str(err)) from err
    if not isinstance(value, dict):
        raise _refuse(path, "the header is not an object")
    return value, PREFIX_BYTES + header_bytes, file_bytes


def read_header(path: Path) -> Header:
    """Read and check a SafeTensors header. Raises CheckpointError naming file, tensor and offset."""
    value, data_begin, file_bytes = _read_header_json(path)
    try:
        metadata = msgspec.convert(value.pop("__metadata__", {}), dict[str, str])
        tensors = msgspec.convert(value, dict[str, TensorEntry])
    except msgspec.ValidationError as err:
        raise _refuse(path, f"header: {err}") from err
    end = 0
    for name, entry in sorted(tensors.items(), key=lambda item: item[1].data_offsets):
        begin, stop = entry.data_offsets
        if begin < end or stop < begin or data_begin + stop > file_bytes:
            raise _refuse(path, f"tensor {name!r} at bytes {begin} to {stop} overlaps another or leaves the file")
        end = stop
    return Header(tensors=tensors, metadata=metadata, data_begin=data_begin)
