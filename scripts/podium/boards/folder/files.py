"""Files that are to be the whole content of a folder on this machine: compare, write as a whole, remove."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import msgspec

from podium.errors import StorageError
from podium.files import sha256_file, write_atomic
from podium.records import FileDigest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from podium.records import SendOutcome


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    """A folder and the files it is to hold; `read` gives a file's bytes."""

    path: Path
    files: list[FileDigest]
    read: Callable[[FileDigest], bytes]

    def outcome(self) -> SendOutcome:
        """What writing would come to."""
        if not self.path.exists():
            return "created"
        wanted = {file.path: file.sha256 for file in self.files}
        found = {
            path.relative_to(self.path).as_posix(): sha256_file(path) for path in self.path.rglob("*") if path.is_file()
        }
        return "unchanged" if found == wanted else "updated"

    def write(self) -> None:
        """Write the folder beside the old one and swap it in; files that are not of it go away. Raises StorageError."""
        new, old = (self.path.with_name(f".{self.path.name}.{word}") for word in ("new", "old"))
        try:
            for left in (new, old):
                if left.exists():
                    shutil.rmtree(left)
            for file in self.files:
                write_atomic(new / file.path, self.read(file))
            if self.path.exists():
                self.path.rename(old)
            new.rename(self.path)
            if old.exists():
                shutil.rmtree(old)
        except OSError as err:
            message = f"cannot write {self.path}: {err.strerror}"
            raise StorageError(message, hint="free disk space or choose another folder with --to") from err

    def remove(self) -> bool:
        """Remove the folder; returns whether there was one. Raises StorageError."""
        if not self.path.exists():
            return False
        try:
            shutil.rmtree(self.path)
        except OSError as err:
            message = f"cannot remove {self.path}: {err.strerror}"
            raise StorageError(message, hint="remove it by hand") from err
        return True
