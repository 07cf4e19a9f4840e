"""Files: strict JSON in, canonical JSON out, atomic writes, digests. Nothing here knows a record."""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import math
import os
import tempfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from podium.errors import RecordError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

CHUNK_BYTES = 1 << 20


def _refuse_constant(name: str) -> float:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        message = f"number {text} overflows"
        raise ValueError(message)
    return value


def _equal_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        # Compared as text: to Python 1 equals true and 1.0.
        if key in result and canonical_json(result[key]) != canonical_json(value):
            message = f"duplicate key {key!r} with different values"
            raise ValueError(message)
        result[key] = value
    return result


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        message = f"duplicate key {twice!r}"
        raise ValueError(message)
    return result


def parse_json(data: bytes, where: str, *, equal_twins: bool = False, constants_as_text: bool = False) -> Any:
    """Parse strict JSON: UTF-8, no NaN or Infinity, no duplicate keys. Raises RecordError naming `where`.

    For other people's files: `equal_twins` lets a key be there twice with the same value, `constants_as_text` reads
    NaN and Infinity as texts, whose place a schema then judges.
    """
    keys = _equal_twins if equal_twins else _unique
    constant = str if constants_as_text else _refuse_constant
    try:
        return json.loads(data.decode(), object_pairs_hook=keys, parse_constant=constant, parse_float=_finite)
    except (ValueError, RecursionError) as err:
        message = f"{where} is not strict JSON: {err}"
        raise RecordError(message, hint="restore the file or delete it and run the stage again") from err


def write_remedy(err: OSError, otherwise: str = "choose another place") -> str:
    """What to do about a file that could not be written, by what the system said."""
    if err.errno in (errno.ENOSPC, errno.EDQUOT):
        return "free disk space"
    if err.errno == errno.EFBIG:
        return f"allow larger files (ulimit -f), or {otherwise}"
    if err.errno in (errno.EACCES, errno.EPERM):
        return f"make it writable for this user, or {otherwise}"
    if err.errno == errno.EROFS:
        return f"that file system is read-only; {otherwise}"
    if err.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENOTEMPTY):
        return f"something else is in the way there; move it, or {otherwise}"
    return otherwise


def unreadable(path: Path, err: OSError, remedy: str = "run the stage that writes it first") -> RecordError:
    """The failure to read a file, by its cause: the first folder of its path that is not there, or the file."""
    folders = [folder for folder in reversed(path.parents) if not folder.exists()]
    if isinstance(err, FileNotFoundError) and folders:
        message = f"cannot read {path}: there is no folder {folders[0]}"
        return RecordError(message, hint=f"check the name; if it is right, {remedy}")
    message = f"cannot read {path}: {err.strerror}"
    if err.errno in (errno.EACCES, errno.EPERM):
        return RecordError(message, hint="make it readable for this user")
    return RecordError(message, hint="name a file" if isinstance(err, IsADirectoryError) else remedy)


def read_bytes(path: Path) -> bytes:
    """Read a file whole; raises RecordError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as err:
        raise unreadable(path, err) from err


def read_json(path: Path) -> Any:
    """Read and parse a strict JSON file."""
    return parse_json(read_bytes(path), str(path))


def canonical_json(value: Any, *, indent: int | None = None) -> bytes:
    """Encode deterministically: sorted keys, shortest floats, UTF-8, a final newline when indented."""
    try:
        return _json_text(value, indent, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a character, which UTF-8 cannot hold: escaped, it survives
        return _json_text(value, indent, ensure_ascii=True).encode()


def _json_text(value: Any, indent: int | None, *, ensure_ascii: bool) -> str:
    separators = (",", ":") if indent is None else (",", ": ")
    end = "\n" if indent is not None else ""
    text = json.dumps(
        value, sort_keys=True, allow_nan=False, ensure_ascii=ensure_ascii, indent=indent, separators=separators
    )
    return text + end


def sha256_bytes(data: bytes) -> str:
    """Hexadecimal SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_json(value: Any) -> str:
    """Hexadecimal SHA-256 of the canonical JSON of a value."""
    return sha256_bytes(canonical_json(value))


def sha256_file(path: Path) -> str:
    """Hexadecimal SHA-256 of a file, streamed."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def fsync_directory(directory: Path) -> None:
    """Make a rename in `directory` durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def aside_name(path: Path, word: str) -> Path:
    """A name beside `path` that nothing has yet: `<name>.<word>`, then `<name>.<word>-2` and so on."""
    names = itertools.chain([word], (f"{word}-{number}" for number in itertools.count(2)))
    return next(aside for name in names if not os.path.lexists(aside := path.with_name(f"{path.name}.{name}")))


def move_aside(path: Path, word: str) -> Path:
    """Give a file another name, for good and without overwriting an earlier one; returns where it is."""
    aside = aside_name(path, word)
    try:
        path.rename(aside)
        fsync_directory(path.parent)
    except OSError as err:
        message = f"cannot move {path} to {aside.name}: {err.strerror}"
        raise StorageError(message, hint=write_remedy(err, "move it yourself")) from err
    return aside


@contextmanager
def atomic_writer(path: Path) -> Iterator[IO[bytes]]:
    """Give a stream whose content becomes `path` by rename, or leaves nothing. Raises StorageError."""
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", suffix=".tmp", delete=False
        ) as stream:
            temporary = stream.name
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)  # noqa: PTH101
        os.replace(temporary, path)  # noqa: PTH105
        temporary = ""
        fsync_directory(path.parent)
    except OSError as err:
        message = f"cannot write {path}: {err.strerror}"
        raise StorageError(message, hint=write_remedy(err)) from err
    finally:
        if temporary:
            os.unlink(temporary)  # noqa: PTH108


def write_atomic(path: Path, data: bytes) -> None:
    """Write a finished file: temporary file, fsync, rename. Raises StorageError."""
    with atomic_writer(path) as stream:
        stream.write(data)


def complete_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (line number from 1, line) of a JSONL file; a torn last line (no newline) is left out."""
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.endswith(b"\n"):
                    yield number, line
    except OSError as err:
        raise unreadable(path, err) from err


class AppendLog:
    """An append-only JSONL file: a torn last line is cut off on opening, every batch is fsynced."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = path.open("ab")
            self._cut_torn_line()
        except OSError as err:
            raise self._refused(err) from err

    def _cut_torn_line(self) -> None:
        whole = sum(len(line) for _, line in complete_lines(self.path))
        if whole != self.path.stat().st_size:
            os.truncate(self.path, whole)

    def _refused(self, err: OSError) -> StorageError:
        message = f"cannot append to {self.path}: {err.strerror}"
        return StorageError(message, hint=f"{write_remedy(err)}; what was written stays and the rerun continues")

    def append(self, lines: Iterable[bytes]) -> None:
        """Append whole lines (without newline) as one fsynced batch. Raises StorageError."""
        try:
            self._stream.write(b"".join(line + b"\n" for line in lines))
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as err:
            raise self._refused(err) from err

    def close(self) -> None:
        """Close the stream; everything appended is already on disk."""
        self._stream.close()

    def __enter__(self) -> AppendLog:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
