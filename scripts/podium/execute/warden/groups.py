"""One control group a warden: a bound for the memory of all processes and files of a program together.

Whatever the machine has: version 2, version 1, or none. Made before the namespaces, while the machine's tree can
still be seen; used from inside through descriptors; removed by the process that stays outside.
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
# version -> (file of the limit, file of the limit with swap)
FILES = {"v2": ("memory.max", "memory.swap.max"), "v1": ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")}


@dataclass(kw_only=True)
class MemoryGroup:
    """A group that exists. The descriptors stay valid when the tree is out of sight."""

    version: str
    name: str
    parent: int
    members: int
    limit_file: int
    swap_file: int | None
    _limit: int = field(default=0)

    def enter(self) -> None:
        """Move this process, and what it will fork, into the group."""
        os.write(self.members, b"0")

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


def create() -> MemoryGroup | None:
    """Make a group for this process below the first folder that allows it; None where none does."""
    for version, folder in _folders(Path("/proc/self/mountinfo").read_text(), Path("/proc/self/cgroup").read_text()):
        with contextlib.suppress(OSError):
            return _create_in(version, folder)
    return None


def _create_in(version: str, folder: Path) -> MemoryGroup:
    _sweep(folder)
    name = f"{PREFIX}{os.getpid()}"
    group = folder / name
    group.mkdir(mode=0o755)
    try:
        limit_name, swap_name = FILES[version]
        swap = group / swap_name
        return MemoryGroup(
            version=version,
            name=name,
            parent=os.open(folder, os.O_PATH | os.O_DIRECTORY),
            members=os.open(group / "cgroup.procs", os.O_WRONLY),
            limit_file=os.open(group / limit_name, os.O_WRONLY),
            swap_file=os.open(swap, os.O_WRONLY) if swap.exists() else None,
        )
    except OSError:
        group.rmdir()
        raise


def _sweep(folder: Path) -> None:
    """Remove groups of wardens that died without a chance to; the kernel refuses where processes are left."""
    for group in folder.glob(f"{PREFIX}*"):
        if not Path("/proc", group.name.removeprefix(PREFIX)).exists():
            with contextlib.suppress(OSError):
                group.rmdir()


def _folders(mounts: str, membership: str) -> Iterator[tuple[str, Path]]:
    """(version, folder) where a group with a limit of memory may be made, the best first.

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
        if kind == "cgroup" and "memory" in options.split(",") and "memory" in own:
            yield from (("v1", folder) for folder in _own_and_above(Path(point), root, own["memory"]))
        elif kind == "cgroup2" and "" in own:
            for folder in _own_and_above(Path(point), root, own[""]):
                control = folder / "cgroup.subtree_control"
                if control.is_file() and "memory" in control.read_text().split():
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
