"""Records to and from files: strict, atomic, every error with its file and JSON path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from podium.errors import RecordError
from podium.files import canonical_json, complete_lines, parse_json, read_bytes, write_atomic
from podium.records.values import Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

T = TypeVar("T", bound=msgspec.Struct)


def to_builtins(record: msgspec.Struct) -> Any:
    """A record as plain JSON values, its tag first in the field `record`."""
    return msgspec.to_builtins(record)


def encode(record: msgspec.Struct) -> bytes:
    """A record as one canonical JSON line, without the newline."""
    return canonical_json(to_builtins(record))


def from_builtins(value: Any, kind: type[T], where: str) -> T:
    """Plain JSON values as a record; raises RecordError naming `where` and the JSON path."""
    _refuse_earlier(value, kind, where)
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as err:
        message = f"{where} is not a valid {kind.__name__} record: {err}"
        raise RecordError(message, hint=f"podium validate {where.split(':')[0]}") from err


def _refuse_earlier(value: Any, kind: type[msgspec.Struct], where: str) -> None:
    if not issubclass(kind, Record) or not isinstance(value, dict) or value.get("record") != kind.__struct_config__.tag:
        return
    if lacking := [name for name in kind.ADDED if name not in value]:
        message = f"{where} was written by an earlier version of podium: it lacks {', '.join(lacking)}"
        raise RecordError(message, hint=kind.RENEW)


def decode(data: bytes, kind: type[T], where: str) -> T:
    """Strict JSON bytes as a record."""
    return from_builtins(parse_json(data, where), kind, where)


def read_record(path: Path, kind: type[T]) -> T:
    """Read a JSON record file. Raises RecordError naming file and JSON path."""
    return decode(read_bytes(path), kind, str(path))


def write_record(path: Path, record: msgspec.Struct) -> None:
    """Write a JSON record file atomically, indented for people, keys sorted."""
    write_atomic(path, canonical_json(to_builtins(record), indent=1))


def read_log(path: Path, header: type[T]) -> tuple[T, Iterator[tuple[int, bytes]]]:
    """Open a JSONL record file: its header, and the remaining complete lines with their numbers."""
    lines = complete_lines(path)
    first = next(lines, None)
    if first is None:
        message = f"{path} has no complete header line"
        raise RecordError(message, hint="delete the file and run the stage again")
    return decode(first[1], header, f"{path}:1"), lines


def read_rows(path: Path, header: type[T], row: type[Any]) -> tuple[T, list[Any]]:
    """Read a whole JSONL record file: its header and all rows. Raises RecordError naming file and line."""
    head, lines = read_log(path, header)
    return head, [decode(line, row, f"{path}:{number}") for number, line in lines]
