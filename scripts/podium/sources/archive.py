"""Archives among a checkpoint's files: unpacked beside them, and refused whole when a name leads outside."""

from __future__ import annotations

import shutil
import stat
import tarfile
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from podium.errors import SourceError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TAR = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")
ZIP = (".zip",)
# A few hundred bytes can unpack to terabytes.
MOST_FILES = 100_000


def is_archive(name: str) -> bool:
    """Whether a file of that name is unpacked."""
    return name.lower().endswith((*TAR, *ZIP))


def unpack(folder: Path) -> None:
    """Replace every archive in `folder` by what it holds; a folder around everything is taken off.

    Raises SourceError for an archive that is broken or leads outside, StorageError where it does not fit.
    """
    for path in sorted(path for path in folder.iterdir() if is_archive(path.name)):
        target = folder / f".unpacked-{path.name}"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        try:
            _unpack_one(path, target)
        except (tarfile.TarError, zipfile.BadZipFile, EOFError, ValueError) as err:
            shutil.rmtree(target)
            message = f"{path.name} cannot be unpacked: {err}"
            raise SourceError(message, hint="make the archive anew, with names below its own folder alone") from err
        path.unlink()
        _take_over(target, folder)


def _unpack_one(path: Path, target: Path) -> None:
    if path.name.lower().endswith(ZIP):
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _require_room(path, target, ((entry.filename, entry.file_size) for entry in entries))
            for entry in entries:
                if stat.S_ISLNK(entry.external_attr >> 16):
                    message = f"{entry.filename} is a link"
                    raise ValueError(message)
            archive.extractall(target)  # noqa: S202 - every name was looked at
        return
    with tarfile.open(path) as tar:
        members = tar.getmembers()
        _require_room(path, target, ((member.name, member.size) for member in members))
        for member in members:
            if not (member.isfile() or member.isdir()):
                message = f"{member.name} is a link or a device"
                raise ValueError(message)
        tar.extractall(target, members, filter="data")


def _require_room(path: Path, target: Path, entries: Iterator[tuple[str, int]]) -> None:
    """Raises ValueError for a name that leads outside, StorageError where there is not enough room."""
    total = count = 0
    for name, size in entries:
        parts = PurePosixPath(name.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or ":" in name.partition("/")[0]:
            message = f"{name} lies outside of it"
            raise ValueError(message)
        total, count = total + size, count + 1
    if count > MOST_FILES:
        message = f"it holds {count} files"
        raise ValueError(message)
    free = shutil.disk_usage(target).free
    if total > free:
        message = f"{path.name} unpacks to {total:,} bytes and {target.parent} has room for {free:,}"
        raise StorageError(message, hint="free disk space, or name a larger disk in PODIUM_CHECKPOINTS")


def _take_over(target: Path, folder: Path) -> None:
    inner = list(target.iterdir())
    root = inner[0] if len(inner) == 1 and inner[0].is_dir() else target
    for path in sorted(root.iterdir()):
        if (folder / path.name).exists():
            message = f"{path.name} comes twice: in an archive and beside it"
            raise SourceError(message, hint="name the right assets in checkpoint")
        path.rename(folder / path.name)
    shutil.rmtree(target)
