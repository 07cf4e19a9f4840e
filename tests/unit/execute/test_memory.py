"""What a look at memory counts, on a made-up /proc."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from podium.execute.warden.memory import SOCKETS, MemoryWatch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 1 << 20


class Machine:
    """A /proc whose numbers tests choose."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "self" / "net").mkdir(parents=True)
        self.share(100)
        self.open_sockets(3)

    def start(self, number: int, *, resident: int, own: int | None = None, tables: int = 0, maps: str = "") -> None:
        """A process; sizes in MiB. `own` is its share of what it has resident, None where it hides that."""
        place = self.folder / str(number)
        place.mkdir()
        (place / "status").write_text(
            f"Name:\tx\nVmRSS:\t{resident << 10} kB\nVmPTE:\t{tables << 10} kB\nThreads:\t1\n"
        )
        if own is not None:
            (place / "smaps_rollup").write_text(f"0-f ---p 0 00:00 0 [rollup]\nRss: 0 kB\nPss: {own << 10} kB\n")
        (place / "maps").write_text(maps)

    def share(self, mib: int, *, kernel: int = 300) -> None:
        """What the whole machine has of shared memory and of the kernel's objects, in MiB."""
        rows = {"MemTotal": 1 << 20, "Shmem": mib, "SUnreclaim": kernel - 7, "KernelStack": 7}
        (self.folder / "meminfo").write_text("".join(f"{name}: {size << 10} kB\n" for name, size in rows.items()))

    def open_sockets(self, count: int) -> None:
        (self.folder / "self" / "net" / "sockstat").write_text(f"sockets: used {count}\nTCP: inuse 9999\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def watch(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryWatch]:
    """A watch that sees a box with 10 MiB in it."""
    full = os.statvfs_result((4096, 4096, 25600, 23040, 23040, 100, 90, 90, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    descriptor = os.open(machine.folder, os.O_RDONLY)
    yield MemoryWatch(processes=descriptor, box=machine.folder)
    os.close(descriptor)


def test_processes_and_the_box_are_summed_without_the_warden(machine: Machine, watch: MemoryWatch) -> None:
    machine.start(1, resident=900, own=900)
    machine.start(7, resident=40, own=40, tables=5)
    machine.start(8, resident=30, own=30)
    assert not watch.is_beyond(85 * MIB)
    assert watch.is_beyond(84 * MIB)


def test_pages_that_processes_share_count_once(machine: Machine, watch: MemoryWatch) -> None:
    for number in range(2, 12):
        machine.start(number, resident=40, own=4)
    assert not watch.is_beyond(50 * MIB)
    assert watch.is_beyond(49 * MIB)


def test_process_that_hides_its_share_counts_whole(machine: Machine, watch: MemoryWatch) -> None:
    machine.start(2, resident=60)
    assert watch.is_beyond(69 * MIB)
    assert not watch.is_beyond(70 * MIB)


def test_shared_memory_that_nobody_maps_counts_for_who_has_such_memory(machine: Machine, watch: MemoryWatch) -> None:
    assert not watch.is_beyond(50 * MIB)
    machine.share(161)
    assert not watch.is_beyond(50 * MIB)  # somebody else's
    machine.start(2, resident=1, own=1, maps="7f0-7f1 rw-s 0 00:01 8 /dev/zero (deleted)\n")
    assert watch.is_beyond(50 * MIB)
    watch.begin()
    assert not watch.is_beyond(50 * MIB)  # the next program finds it there


def test_objects_of_the_kernel_count_by_what_they_grew(machine: Machine, watch: MemoryWatch) -> None:
    machine.share(100, kernel=300)
    assert not watch.is_beyond(80 * MIB)
    machine.share(100, kernel=320)
    assert not watch.is_beyond(80 * MIB)
    machine.share(100, kernel=321)
    assert watch.is_beyond(80 * MIB)
    watch.begin()
    assert not watch.is_beyond(80 * MIB)


def test_more_sockets_than_anybody_needs_are_too_much(machine: Machine, watch: MemoryWatch) -> None:
    machine.open_sockets(SOCKETS)
    assert not watch.is_beyond(50 * MIB)
    machine.open_sockets(SOCKETS + 1)
    assert watch.is_beyond(50 * MIB)


def test_process_that_ended_meanwhile_and_a_closed_proc_count_nothing(machine: Machine, watch: MemoryWatch) -> None:
    (machine.folder / "5").mkdir()
    (machine.folder / "meminfo").unlink()
    (machine.folder / "self" / "net" / "sockstat").unlink()
    assert not watch.is_beyond(10 * MIB)
