"""Checkpoints that were fetched: one folder each, named by the digest of its files, whole or not there.

Reads a source. Writes `<store>/<digest>/`; `partial/` holds what was cut off, `known/` which answer became which.
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import msgspec

from podium.convert import digest_checkpoint
from podium.errors import SourceError, StorageError
from podium.files import sha256_json, write_atomic
from podium.records import FileDigest, digest_of_files
from podium.sources import kind_of, open_source
from podium.sources.archive import is_archive, unpack
from podium.sources.transfer import bytes_here, fetch_file
from podium.sources.web import build_web

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from podium.progress import Progress
    from podium.sources.seam import Asked, Located
    from podium.sources.web import Web

MIB = 1 << 20
# What is written beside the files: names of folders, the digest.
SPARE_BYTES = 16 * MIB
PARTIAL, KNOWN = "partial", "known"
SHOWN = 3
SAFE = re.compile(r"(?!/)(?!.*(?:^|/)\.\.?(?:/|$))[^\0\\]+")


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint on this machine, and the address that gives the same bytes again."""

    path: Path
    address: str


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """Where fetched checkpoints lie. `hold` keeps other processes out of a folder while it is being filled."""

    folder: Path
    hold: Callable[[Path], AbstractContextManager[None]]
    build_web: Callable[[], Web] = build_web

    def fetch(self, asked: Asked, report: Progress, planned: Sequence[FileDigest] = ()) -> Fetched:
        """The checkpoint as a local folder or file, every digest held.

        With `planned` it is exactly these files. Raises SourceError and what the source raises, StorageError.
        """
        there = self._planned(asked.address, planned)
        if there is not None:
            return Fetched(path=there, address=asked.address)
        with self.build_web() as web:
            located = open_source(asked.address).locate(asked, web)
            path = located.here or self._bring(located, web, report)
        if planned:
            require_planned(path, located.address, planned)
        return Fetched(path=path, address=located.address)

    def _planned(self, address: str, planned: Sequence[FileDigest]) -> Path | None:
        """The folder of a plan's checkpoint, if it is here and untouched."""
        if not planned:
            return None
        folder = self.folder / digest_of_files(list(planned))
        path = _inside(folder, _only(address, planned))
        return path if path.exists() and digest_checkpoint(path) == list(planned) else None

    def _bring(self, located: Located, web: Web, report: Progress) -> Path:
        """Fetch what is not here yet."""
        request = sha256_json([[file.path, [piece.identity for piece in file.pieces]] for file in located.files])
        _require_names(located)
        with self.hold(self.folder / PARTIAL / request):
            known = self._known(request, located)
            if known is not None:
                return known
            folder = self.folder / PARTIAL / request
            self._fetch_all(folder, located, web, report)
            if any(is_archive(file.path) for file in located.files):
                unpack(folder)
            return self._keep(folder, request, located)

    def _known(self, request: str, located: Located) -> Path | None:
        """The folder that the same answer became before, if its bytes are still those."""
        try:
            digest = (self.folder / KNOWN / request).read_text(encoding="ascii")
        except OSError:
            return None
        path = _inside(self.folder / digest, located.only)
        return path if path.exists() and digest_of_files(digest_checkpoint(path)) == digest else None

    def _fetch_all(self, folder: Path, located: Located, web: Web, report: Progress) -> None:
        total = sum(file.size_bytes for file in located.files)
        here = sum(bytes_here(folder, file) for file in located.files)
        self._require_room(total - here, located.address)
        counter = _Counter(report, here)
        report.start("fetch", -(-total // MIB), "MiB", here // MIB)
        for file in located.files:
            fetch_file(folder, file, web, counter.advance)
        report.finish(f"{total:,} bytes of {located.address}")

    def _require_room(self, needed: int, address: str) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.folder).free
        except OSError as err:
            message = f"cannot write {self.folder}: {err.strerror}"
            raise StorageError(message, hint="name a folder of yours in PODIUM_CHECKPOINTS") from err
        if needed + SPARE_BYTES > free:
            message = f"{address} needs {needed:,} bytes more and {self.folder} has room for {free:,}"
            raise StorageError(message, hint="free disk space, or name a larger disk in PODIUM_CHECKPOINTS")

    def _keep(self, folder: Path, request: str, located: Located) -> Path:
        digest = digest_of_files(digest_checkpoint(_inside(folder, located.only)))
        target = self.folder / digest
        try:
            if target.exists():
                shutil.rmtree(target)
            folder.rename(target)
        except OSError as err:
            message = f"cannot write {target}: {err.strerror}"
            raise StorageError(message, hint="name a folder of yours in PODIUM_CHECKPOINTS") from err
        write_atomic(self.folder / KNOWN / request, digest.encode())
        return _inside(target, located.only)


class _Counter:
    """Bytes told as whole MiB."""

    def __init__(self, report: Progress, done: int) -> None:
        self._report, self._bytes, self._told = report, done, done // MIB

    def advance(self, count: int) -> None:
        """So many bytes more, or fewer where a host began anew."""
        self._bytes += count
        if (whole := self._bytes // MIB) > self._told:
            self._report.advance(whole - self._told)
            self._told = whole


def require_planned(path: Path, address: str, planned: Sequence[FileDigest]) -> None:
    """The checkpoint at a path is the plan's, byte by byte. Raises SourceError."""
    now = {file.path: file.sha256 for file in digest_checkpoint(path)}
    then = {file.path: file.sha256 for file in planned}
    changed = sorted(name for name in {**now, **then} if now.get(name) != then.get(name))
    if changed:
        shown = ", ".join(changed[:SHOWN]) + (f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else "")
        message = f"{address} has changed since the plan was made: {shown}"
        hint = (
            "plan anew (`podium plan`, or start the workflow again) to evaluate the new bytes, or put the old ones back"
        )
        raise SourceError(message, hint=hint)


def _require_names(located: Located) -> None:
    for file in located.files:
        if not SAFE.fullmatch(file.path):
            message = f"{located.address} has a file named {file.path!r}, which leads out of its folder"
            raise SourceError(message, hint="rename it there")


def _only(address: str, planned: Sequence[FileDigest]) -> str:
    """The one weight file that an address asks for, if it does."""
    last = address.rpartition("/")[2]
    return last if kind_of(address) in ("path", "hf") and last in {file.path for file in planned} else ""


def _inside(folder: Path, only: str) -> Path:
    return folder / only if only else folder
