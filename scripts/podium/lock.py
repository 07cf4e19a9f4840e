"""One process at a time in a folder: a lock that names its holder and that no dead process can keep.

Writes a lock file while it is held: `.podium.lock` in a run directory, `.<name>.lock` beside a model or a file.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import msgspec

from podium.errors import BusyError, RecordError, StorageError
from podium.files import canonical_json, parse_json, write_remedy
from podium.run_directory import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# A process that was told to stop needs a moment to be gone.
PATIENCE = 10
PAUSE_SECONDS = 0.1
LONGEST = 1 << 16


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who works in a folder: what stands in the lock file."""

    pid: int
    host: str
    since: str
    command: str


def this_process(command: str, since: str) -> Holder:
    """This process, working on `command`, a command line, since a moment in UTC."""
    return Holder(pid=os.getpid(), host=socket.gethostname(), since=since, command=command)


def folder_lock(folder: Path) -> Path:
    """The lock file of a run directory."""
    return folder / LOCK


def neighbour_lock(path: Path) -> Path:
    """The lock file of a model directory or of a single file, beside it."""
    return path.with_name(f".{path.name}.lock")


@contextmanager
def held(locks: Sequence[Path], holder: Holder) -> Iterator[None]:
    """Hold all of these lock files. Raises BusyError naming the process that has one, StorageError."""
    with ExitStack() as stack:
        for lock in locks:
            stack.enter_context(_held(lock, holder))
        yield


@contextmanager
def _held(lock: Path, holder: Holder) -> Iterator[None]:
    is_new = not lock.parent.exists()
    descriptor = _acquire(lock, holder)
    try:
        yield
    finally:
        # Removed before it is unlocked: whoever opened it meanwhile sees that it is gone and opens a new one.
        with suppress(FileNotFoundError):
            lock.unlink()
        os.close(descriptor)
        if is_new and lock.parent.is_dir() and not any(lock.parent.iterdir()):
            lock.parent.rmdir()


def _acquire(lock: Path, holder: Holder) -> int:
    """The descriptor of the locked file. The system unlocks it when the process ends, however it ends."""
    for attempt in range(PATIENCE + 1):
        if attempt:
            time.sleep(PAUSE_SECONDS)
        try:
            descriptor = _try(lock)
        except OSError as err:
            message = f"cannot lock {lock.parent}: {err.strerror}"
            raise StorageError(message, hint=f"{write_remedy(err)}; the file system there must have flock") from err
        if descriptor is not None:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, canonical_json(msgspec.to_builtins(holder)) + b"\n")
            return descriptor
    raise _busy(lock, holder)


def _try(lock: Path) -> int | None:
    """A locked descriptor, or None while somebody else has it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_still(lock, descriptor):
            return descriptor
    except OSError as err:
        if err.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            os.close(descriptor)
            raise
    os.close(descriptor)
    return None


def _is_still(lock: Path, descriptor: int) -> bool:
    """Whether the locked file is the one that others would open: its last holder may have removed it."""
    try:
        return os.path.samestat(lock.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _busy(lock: Path, us: Holder) -> BusyError:
    where = lock.parent if lock.name == LOCK else lock.with_name(lock.name[1:].removesuffix(".lock"))
    found = _read(lock)
    if found is None:
        message = f"another process works in {where}"
        return BusyError(message, hint="wait until it ends, then run the same command again")
    message = f"{where} is in use by process {found.pid} on {found.host} since {found.since}: {found.command}"
    place = "" if found.host == us.host else f" on {found.host}"
    return BusyError(message, hint=f"wait until it ends, or stop it{place}: `kill {found.pid}`")


def _read(lock: Path) -> Holder | None:
    """What the lock file says, or None while it is being written or gone."""
    try:
        with lock.open("rb") as stream:
            return msgspec.convert(parse_json(stream.read(LONGEST), str(lock)), Holder)
    except (OSError, RecordError, msgspec.ValidationError):
        return None
