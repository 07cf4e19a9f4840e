"""Control groups of a warden: bounds for the memory and the number of all processes of a program together.

Whatever the machine has: version 2, version 1, or none. Made before the namespaces, while the machine's tree can
still be seen; used from inside through descriptors; removed by the process that stays outside. The kernel counts
what it refuses, and only what it counted is ever named as the cause of a program's end.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "podium-"
# The warden itself lives in the group: about 30 MiB, and what its forks copy.
OWN_BYTES = 96 << 20
REMOVE_ATTEMPTS, REMOVE_PAUSE_SECONDS = 100, 0.01
# version -> (file of the limit, file of the limit with swap, file that counts kills)
FILES = {
    "v2": ("memory.max", "memory.swap.max", "memory.events"),
    "v1": ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control"),
}
OWN_PROCESSES = 1  # the warden, which lives in its programs' group
COUNTER_BYTES = 4096


@dataclass(kw_only=True)
class Group:
    """A group that exists. The descriptors stay valid when the tree is out of sight."""

    name: str
    parent: int
    members: int
    limit_file: int
    events: int | None = None
    counter: bytes = b""
    _limit: int = field(default=0)
    _counted: int = field(default=0)

    def enter(self) -> None:
        """Move this process, and what it will fork, into the group."""
        os.write(self.members, b"0")

    def has_counted(self) -> bool:
        """Whether the kernel enforced the limit since the last call."""
        before, self._counted = self._counted, self._read_counter()
        return self._counted > before

    def _read_counter(self) -> int:
        if self.events is None:
            return 0
        for line in os.pread(self.events, COUNTER_BYTES, 0).splitlines():
            name, _, value = line.partition(b" ")
            if name == self.counter:
                return int(value)
        return 0

    def remove(self) -> None:
        """Take the group away once nothing is left in it."""
        for _ in range(REMOVE_ATTEMPTS):
            try:
                os.rmdir(self.name, dir_fd=self.parent)
            except FileNotFoundError:
                return
            except OSError as err:
                if err.errno != errno.EBUSY:
                    return
                time.sleep(REMOVE_PAUSE_SECONDS)  # the last process in it is still being reaped
            else:
                return


@dataclass(kw_only=True)
class ProcessGroup(Group):
    """A group that bounds and counts processes and threads."""

    def limit(self, processes: int) -> None:
        """Bound the number of a program's processes. Raises OSError."""
        if processes != self._limit:
            os.pwrite(self.limit_file, str(processes + OWN_PROCESSES).encode(), 0)
            self._limit = processes


@dataclass(kw_only=True)
class MemoryGroup(Group):
    """A group that bounds memory, and counts what was killed when it ran out."""

    version: str
    swap_file: int | None

    def limit(self, memory_bytes: int) -> None:
        """Bound the memory of a program. Raises OSError."""
        if memory_bytes == self._limit:
            return
        value = str(memory_bytes + OWN_BYTES).encode()
        is_higher = memory_bytes > self._limit > 0
        swap = b"0" if self.version == "v2" else value
        # In version 1 the limit with swap may never be below the one without.
        order = [(self.swap_file, swap), (self.limit_file, value)]
        for descriptor, text in order if is_higher else reversed(order):
            if descriptor is not None:
                os.pwrite(descriptor, text, 0)
        self._limit = memory_bytes


def create() -> MemoryGroup | None:
    """Make a group for this process below the first folder that allows it; None where none does."""
    for version, folder in _folders(*_read_layout(), "memory"):
        with contextlib.suppress(OSError):
            return _create_in(version, folder)
    return None


def create_for_processes(memory: MemoryGroup | None) -> ProcessGroup | None:
    """Make a group that counts processes where the machine allows it; None where it does not.

    In version 2 a process is in one group only: that of memory counts processes too, or none does.
    """
    is_shared = memory is not None and memory.version == "v2"
    for version, folder in _folders(*_read_layout(), "pids"):
        if version == "v2" and is_shared and not (folder / f"{PREFIX}{os.getpid()}").exists():
            continue
        with contextlib.suppress(OSError):
            return _create_for_processes_in(folder, is_shared=is_shared and version == "v2")
    return None


def _read_layout() -> tuple[str, str]:
    return Path("/proc/self/mountinfo").read_text(), Path("/proc/self/cgroup").read_text()


def _create_in(version: str, folder: Path) -> MemoryGroup:
    group = _make_folder(folder, is_shared=False)
    try:
        limit_name, swap_name, events_name = FILES[version]
        swap = group / swap_name
        return MemoryGroup(
            version=version,
            name=group.name,
            parent=os.open(folder, os.O_PATH | os.O_DIRECTORY),
            members=os.open(group / "cgroup.procs", os.O_WRONLY),
            limit_file=os.open(group / limit_name, os.O_WRONLY),
            swap_file=os.open(swap, os.O_WRONLY) if swap.exists() else None,
            events=os.open(group / events_name, os.O_RDONLY),
            counter=b"oom_kill",
        )
    except OSError:
        group.rmdir()
        raise


def _create_for_processes_in(folder: Path, *, is_shared: bool) -> ProcessGroup:
    group = _make_folder(folder, is_shared=is_shared)
    try:
        return ProcessGroup(
            name=group.name,
            parent=os.open(folder, os.O_PATH | os.O_DIRECTORY),
            members=os.open(group / "cgroup.procs", os.O_WRONLY),
            limit_file=os.open(group / "pids.max", os.O_WRONLY),
            events=os.open(group / "pids.events", os.O_RDONLY),
            counter=b"max",
        )
    except OSError:
        if not is_shared:
            group.rmdir()
        raise


def _make_folder(folder: Path, *, is_shared: bool) -> Path:
    _sweep(folder)
    group = folder / f"{PREFIX}{os.getpid()}"
    group.mkdir(mode=0o755, exist_ok=is_shared)
    return group


def _sweep(folder: Path) -> None:
    """Remove groups of wardens that died without a chance to; the kernel refuses where processes are left."""
    for group in folder.glob(f"{PREFIX}*"):
        if not Path("/proc", group.name.removeprefix(PREFIX)).exists():
            with contextlib.suppress(OSError):
                group.rmdir()


def _folders(mounts: str, membership: str, controller: str = "memory") -> Iterator[tuple[str, Path]]:
    """(version, folder) where a group with a limit may be made, the best first.

    Version 2 allows groups with limits only below a group that has no processes of its own: the own one, seldom, or
    one above it.
    """
    own = {}
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        own.update(dict.fromkeys(controllers.split(","), path))
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        root, point = before.split()[3:5]
        kind, _, options = after.split()[:3]
        if kind == "cgroup" and controller in options.split(",") and controller in own:
            yield from (("v1", folder) for folder in _own_and_above(Path(point), root, own[controller]))
        elif kind == "cgroup2" and "" in own:
            for folder in _own_and_above(Path(point), root, own[""]):
                control = folder / "cgroup.subtree_control"
                if control.is_file() and controller in control.read_text().split():
                    yield "v2", folder


def _own_and_above(point: Path, root: str, path: str) -> Iterator[Path]:
    """The folder of group `path` in a tree whose `root` is mounted at `point`, then those above it."""
    inside = Path(path)
    if inside.is_relative_to(root):
        inside = inside.relative_to(root)
    folder = point / str(inside).lstrip("/")
    while folder != point:
        if folder.is_dir():
            yield folder
        folder = folder.parent
    yield point
