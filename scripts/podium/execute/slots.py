"""How many programs run at once: as many as there are cores, and more while cores stand idle.

A program that sleeps or hangs takes a slot, not a core. Admitting more only into idle cores keeps a program's wall
clock close to what it would be alone, and verdicts with it.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TICK_SECONDS = 0.05
TICKS_A_SECOND = 100  # USER_HZ, part of the kernel's interface
SPARE_CORES = 0.4  # less than this idle is noise of the measurement


class IdleCores:
    """How many cores the machine left idle since the last call, from /proc/stat."""

    def __init__(self, path: Path = Path("/proc/stat"), clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._ticks, self._then = self._read(), clock()

    def __call__(self) -> float:
        """Idle cores on average; 0 right after the last call or where the machine does not say."""
        ticks, now = self._read(), self._clock()
        seconds = now - self._then
        if seconds < TICK_SECONDS / 2:
            return 0.0
        idle = (ticks - self._ticks) / TICKS_A_SECOND / seconds
        self._ticks, self._then = ticks, now
        return idle

    def _read(self) -> int:
        try:
            fields = self._path.read_text().split("\n", 1)[0].split()
            return int(fields[4]) + int(fields[5])  # idle, and waiting for a disk
        except (OSError, IndexError, ValueError):
            return 0


class Slots:
    """Admits `least` programs at once always, and up to `most` while `idle_cores` says that there is room."""

    def __init__(self, least: int, most: int, idle_cores: Callable[[], float]) -> None:
        self._least, self.most, self._idle_cores = least, max(least, most), idle_cores
        self._allowed, self._running = least, 0
        self._changed = threading.Condition()
        self._looked = time.monotonic()

    def __enter__(self) -> Slots:
        with self._changed:
            while self._running >= self._allowed:
                self._changed.wait(TICK_SECONDS)
                self._look()
            self._running += 1
        return self

    def __exit__(self, *exception: object) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify()

    def _look(self) -> None:
        """Adjust how many are allowed, at most once a tick."""
        now = time.monotonic()
        if now - self._looked < TICK_SECONDS:
            return
        self._looked = now
        idle = self._idle_cores()
        if idle >= SPARE_CORES:
            self._allowed = min(self.most, self._running + max(1, round(idle)))
        else:
            self._allowed = max(self._least, self._running)
