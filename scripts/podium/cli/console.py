"""Progress for people on stderr: a bar with rate and time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from podium.progress import Progress

# Lines of a log: often at first, when somebody looks whether it goes at all, then once a minute.
SHORTEST_INTERVAL_SECONDS, LONGEST_INTERVAL_SECONDS = 10.0, 60.0
INTERVAL_SHARE = 0.1


def build_progress() -> Progress:
    """Choose the renderer for this stderr."""
    return BarProgress() if sys.stderr.isatty() else PlainProgress()


def duration(seconds: float) -> str:
    """`90 s`, `35 min`, `2 h 10 min`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


class PlainProgress:
    """One line when work begins and ends, and one every few seconds in between: for CI logs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stage, self._unit = "", ""
        self._total = self._done = self._earlier = 0
        self._begun = self._said = 0.0
        self._share = 0.0

    def start(self, stage: str, total: int, unit: str, done: int = 0) -> None:
        """Say what begins."""
        self._stage, self._total, self._unit = stage, total, unit
        self._done = self._earlier = done
        self._begun = self._said = self._clock()
        self._share = 0.0
        self.note(f"{stage}: {total} {unit}" + (f", {done} done earlier" if done else ""))

    def advance(self, count: int = 1, facts: str = "") -> None:
        """Say how far it is, at most every few seconds."""
        self._done += count
        now = self._clock()
        passed = now - self._begun
        interval = min(max(INTERVAL_SHARE * passed, SHORTEST_INTERVAL_SECONDS), LONGEST_INTERVAL_SECONDS)
        if now - self._said < interval:
            return
        self._said = now
        rate = (self._done - self._earlier) / passed
        detail = f", {facts}" if facts else ""
        counts = f"{self._done}/{self._total} {self._unit}, {rate:.1f} {self._unit}/s{detail}"
        self.note(f"{self._stage}: {counts}, {self._left(passed)}")

    def estimate(self, share: float) -> None:
        """Remember it for the time that is left."""
        self._share = share

    def _left(self, passed: float) -> str:
        earlier, share = (count / self._total for count in (self._earlier, self._done))
        share = max(share, self._share)
        return f"{duration(passed * (1 - share) / (share - earlier))} left" if share > earlier else "time left unknown"

    def finish(self, summary: str = "") -> None:
        """Say that it is done and how long it took."""
        detail = f": {summary}" if summary else ""
        self.note(f"{self._stage}: done in {self._clock() - self._begun:.1f} s{detail}")

    def note(self, text: str) -> None:
        """Print a line on stderr."""
        click.echo(text, err=True)


class BarProgress:
    """A rich progress bar a piece of work; finished ones stay on the screen as a line."""

    def __init__(self) -> None:
        self._progress: Bars | None = None
        self._task: TaskID | None = None
        self._stage = ""
        self._begun = self._share = 0.0
        self._count = 0

    def start(self, stage: str, total: int, unit: str, done: int = 0) -> None:
        """Show a new bar."""
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[count]}/{task.total:.0f} " + unit),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[facts]}"),
        )
        self._stage, self._begun, self._share = stage, time.monotonic(), 0.0
        self._progress = Bars(*columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task(stage, total=total, completed=done, count=done, facts="", rate="")
        self._count = done
        self._progress.start()

    def advance(self, count: int = 1, facts: str = "") -> None:
        """Move the bar."""
        if self._progress is not None and self._task is not None:
            speed = self._progress.tasks[0].speed
            rate = f"{speed:.1f}/s" if speed else ""
            self._count += count
            drawn = max(self._count, self._share * total) if (total := self._progress.tasks[0].total) else self._count
            self._progress.update(self._task, completed=drawn, count=self._count, facts=facts, rate=rate)

    def estimate(self, share: float) -> None:
        """Move the bar by it with what is done next."""
        self._share = share

    def finish(self, summary: str = "") -> None:
        """Replace the bar by a line."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
        detail = f": {summary}" if summary else ""
        self.note(f"{self._stage}: done in {time.monotonic() - self._begun:.1f} s{detail}")

    def note(self, text: str) -> None:
        """Print a line above the bar."""
        if self._progress is not None:
            self._progress.console.print(text, markup=False, highlight=False)
        else:
            click.echo(text, err=True)
