"""Memory of all processes of a program together, looked at from time to time where no control group bounds it.

What it counts: memory of processes, shared pages once; page tables; files of the box. Shared memory that nobody maps
any more and the kernel's own objects are known of the whole machine only: there, growth while the program runs counts.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

LOOK_SECONDS = 0.05
# Memory of a socket is bounded, their number by nothing else; no ordinary program has a tenth of these.
SOCKETS = 1024
SHARED_MEMORY = b"/dev/zero (deleted)"
# What the kernel may need for a program, as a share of what the program may hold.
KERNEL_SHARE = 4
PIECE_BYTES = 1 << 16


@dataclass(kw_only=True)
class MemoryWatch:
    """Sums up what one program holds. `processes` is a descriptor of the namespace's own /proc."""

    processes: int
    box: Path
    _before: tuple[int, int] | None = field(default=None, init=False)

    def begin(self) -> None:
        """Forget the last program. Most end before the first look, which therefore takes the first measure."""
        self._before = None

    def is_beyond(self, memory_bytes: int) -> bool:
        """Whether the processes that run now hold more than `memory_bytes`, or more sockets than anybody needs."""
        shared, kernels = self._read_machine()
        if self._before is None:
            self._before = shared, kernels
        shared_before, kernels_before = self._before
        if kernels - kernels_before > memory_bytes // KERNEL_SHARE:
            return True
        if self._count_sockets() > SOCKETS:
            return True
        names = os.listdir(self.processes)  # noqa: PTH208  of a descriptor
        numbers = [name for name in names if name.isdigit() and name != "1"]
        files = os.statvfs(self.box)
        boxed = (files.f_blocks - files.f_bfree) * files.f_frsize
        # The quick sum counts a page that several share several times: only where it is high is the slow one asked.
        if boxed + sum(map(self._hold_at_most, numbers)) > memory_bytes and (
            boxed + sum(map(self._hold, numbers)) > memory_bytes
        ):
            return True
        grown = shared - shared_before - boxed
        return grown > memory_bytes and any(SHARED_MEMORY in self._read(f"{name}/maps") for name in numbers)

    def _hold_at_most(self, name: str) -> int:
        status = self._read_fields(f"{name}/status")
        return status.get(b"VmRSS", 0) + status.get(b"VmPTE", 0)

    def _hold(self, name: str) -> int:
        """What a process holds, shared pages by its share; of one that hides from us, all."""
        status = self._read_fields(f"{name}/status")
        rollup = self._read_fields(f"{name}/smaps_rollup")
        return rollup.get(b"Pss", status.get(b"VmRSS", 0)) + status.get(b"VmPTE", 0)

    def _read_machine(self) -> tuple[int, int]:
        """The machine's shared memory, and what its kernel holds for itself and cannot give back."""
        fields = self._read_fields("meminfo")
        return fields.get(b"Shmem", 0), fields.get(b"SUnreclaim", 0) + fields.get(b"KernelStack", 0)

    def _count_sockets(self) -> int:
        line = self._read("self/net/sockstat").partition(b"\n")[0].split()
        return int(line[-1]) if line else 0

    def _read_fields(self, path: str) -> dict[bytes, int]:
        """Lines `Name:   123 kB` as bytes."""
        rows = (line.split() for line in self._read(path).splitlines())
        return {row[0].rstrip(b":"): int(row[1]) << 10 for row in rows if len(row) == 3 and row[2] == b"kB"}

    def _read(self, path: str) -> bytes:
        """A file of /proc; nothing of a process that has just ended."""
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self.processes)
            try:
                parts = iter(lambda: os.read(descriptor, PIECE_BYTES), b"")
                return b"".join(parts)
            finally:
                os.close(descriptor)
        return b""
