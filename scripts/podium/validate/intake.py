"""Reading what strangers wrote: regular files only, below one root, no links, bounded, never an exception.

Reads files and folders. Whatever is refused becomes a finding and `None`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from podium.errors import RecordError
from podium.files import CHUNK_BYTES, parse_json
from podium.records import FileDigest
from podium.validate.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from podium.validate.violations import ViolationLog

MAX_FILES = 20_000
MAX_FOLDER_DEPTH = 12
MAX_NESTING = 32
# Empty lists and tiny texts take thirty times their size in memory. Of programs less than a tenth is marks.
DENSE_BYTES, DENSE_SHARE = 1 << 20, 0.55
MARKS = (b"[", b"{", b'"', b",")
# A file may change between the look and the opening: no link is followed and no pipe waited for even then.
OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")  # only an escape can smuggle one in
NO_LINKS = "replace the link by the file itself"
INTAKE_RULES = {
    "symlink": "links are refused: they may point anywhere",
    "special-file": "only regular files are read",
    "too-large": "a file is larger than its kind may be",
    "too-many-files": "a folder holds more files or levels than any run",
    "unreadable": "the system refuses to give the file",
    "path-escapes": "a listed path leads out of its folder",
    "strict-json": "UTF-8 JSON without NaN, Infinity or a key twice",
    "too-dense": "a large file is text, not brackets and empty values",
    "too-deep": "JSON nested deeper than any format here",
    "not-utf8": "text that is not UTF-8",
}


class Intake:
    """One root folder and the log its findings go to; paths are relative to the root, with slashes."""

    def __init__(self, root: Path, log: ViolationLog) -> None:
        self.root, self.log = root, log

    def names(self) -> list[str]:
        """The names in the root folder, sorted."""
        try:
            return sorted(path.name for path in self.root.iterdir())
        except OSError as err:
            self._refuse("unreadable", self.root, f"the folder cannot be read: {err.strerror}")
            return []

    def walk(self) -> list[str]:
        """Every regular file below the root, sorted; links, special files and bottomless folders are findings."""
        return sorted(self._walk(self.root, 0, [0]))

    def _walk(self, folder: Path, depth: int, count: list[int]) -> Iterator[str]:
        if depth > MAX_FOLDER_DEPTH:
            self._refuse("too-many-files", folder, f"folders lie more than {MAX_FOLDER_DEPTH} deep")
            return
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as err:
            self._refuse("unreadable", folder, f"the folder cannot be read: {err.strerror}")
            return
        for entry in entries:
            count[0] += 1
            if count[0] > MAX_FILES:
                if count[0] == MAX_FILES + 1:
                    self._refuse("too-many-files", folder, f"there are more than {MAX_FILES} files")
                return
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(folder / entry.name, depth + 1, count)
            elif self.is_plain(folder / entry.name):
                yield (folder / entry.name).relative_to(self.root).as_posix()

    def _refuse(self, rule: str, path: Path, message: str, hint: str = "") -> None:
        relative = path.relative_to(self.root).as_posix()
        self.log.add(rule, Violation(path=relative, message=message, hint=hint))

    def is_plain(self, path: Path) -> bool:
        """Whether a file is a regular one; a finding if it is not."""
        mode = mode_of(path)
        if not mode:
            self._refuse("unreadable", path, "it cannot be looked at")
        elif stat.S_ISLNK(mode):
            self._refuse("symlink", path, "it is a symbolic link, and links are not followed", NO_LINKS)
        elif not stat.S_ISREG(mode):
            self._refuse("special-file", path, "it is not a regular file")
        return stat.S_ISREG(mode)

    def inside(self, relative: str, listed_in: str) -> Path | None:
        """The path of a file that a record lists, or a finding when the path or a link on it leads elsewhere."""
        parts = PurePosixPath(relative).parts
        odd = not parts or relative.startswith("/") or ".." in parts or "\\" in relative or "\0" in relative
        if odd:
            message = f"it lists {relative!r}, which leads out of the folder"
            hint = "list paths relative to the folder, without .."
            self.log.add("path-escapes", Violation(path=listed_in, message=message, hint=hint))
            return None
        path = self.root
        for part in parts:
            path = path / part
            if stat.S_ISLNK(mode_of(path)):
                self.is_plain(path)
                return None
        return path

    def read(self, relative: str, limit: int) -> bytes | None:
        """The bytes of one file of at most `limit` bytes."""
        path = self.root / relative
        if not self.is_plain(path):
            return None
        try:
            with os.fdopen(os.open(path, OPEN_FLAGS), "rb") as stream:
                # Its size first: what is too large is not read, and room is taken for what is there, not for the limit.
                size = os.fstat(stream.fileno()).st_size
                is_larger = size > limit
                data = b"" if is_larger else stream.read(size + 1)
        except OSError as err:
            self._refuse("unreadable", path, f"it cannot be read: {err.strerror}")
            return None
        if is_larger or len(data) > size:
            self._refuse("too-large", path, f"it is larger than {limit >> 20} MiB, and no file of its kind is")
            return None
        return data

    def parse(self, data: bytes, relative: str, where: str = "", *, is_ours: bool = True) -> tuple[bool, Any]:
        """(True, value) of strict JSON of sane depth, else (False, None) and a finding.

        What `is_ours` holds no half of a surrogate pair; the harness may write one into generations.
        """
        if len(data) > DENSE_BYTES and sum(map(data.count, MARKS)) > DENSE_SHARE * len(data):
            message = "it is brackets, quotes and commas more than anything else"
            self.log.add("too-dense", Violation(path=relative, where=where, message=message))
            return False, None
        try:
            value = parse_json(data, where or "it")
        except RecordError as err:
            self.log.add("strict-json", Violation(path=relative, where=where, message=str(err), hint=err.hint))
            return False, None
        if nesting(value) > MAX_NESTING:
            message = f"it is nested more than {MAX_NESTING} deep"
            self.log.add("too-deep", Violation(path=relative, where=where, message=message))
            return False, None
        if is_ours and SURROGATE.search(data) and not _is_encodable(value):
            message = "it holds half of a surrogate pair, which no UTF-8 file can hold"
            self.log.add("strict-json", Violation(path=relative, where=where, message=message))
            return False, None
        return True, value

    def text(self, data: bytes, relative: str) -> str | None:
        """UTF-8 text, or a finding."""
        try:
            return data.decode()
        except UnicodeDecodeError as err:
            self.log.add("not-utf8", Violation(path=relative, message=f"it is not UTF-8: {err}"))
            return None

    def digest(self, relative: str) -> FileDigest | None:
        """Digest a file of any size in pieces, or a finding when it cannot be read."""
        path, size, hasher = self.root / relative, 0, hashlib.sha256()
        if not self.is_plain(path):
            return None
        try:
            with os.fdopen(os.open(path, OPEN_FLAGS), "rb") as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    hasher.update(chunk)
                    size += len(chunk)
        except OSError as err:
            self._refuse("unreadable", path, f"it cannot be read: {err.strerror}")
            return None
        return FileDigest(path=relative, size_bytes=size, sha256=hasher.hexdigest())


def _is_encodable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def mode_of(path: Path) -> int:
    """The mode of a file or folder, not of what a link leads to; 0 when it cannot be looked at or cannot exist."""
    try:
        return path.lstat().st_mode
    except (OSError, ValueError):
        return 0


def is_folder(path: Path) -> bool:
    """Whether this is a folder itself and no link to one."""
    return stat.S_ISDIR(mode_of(path))


def nesting(value: Any) -> int:
    """How deep lists and objects are nested, without recursion, counted no further than one past the limit."""
    level, depth = [value], 0
    while level and depth <= MAX_NESTING:
        level = [
            inner
            for outer in level
            if isinstance(outer, list | dict)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, list | dict)
        ]
        depth += 1
    return depth
