"""What a stage may say while it works; `cli/console.py` renders it, tests record it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Progress of one command. A stage calls it; it never prints itself."""

    def start(self, stage: str, total: int, unit: str, done: int = 0) -> None:
        """Work of `total` units begins, `done` of them done earlier: ("generate humaneval", 8200, "samples")."""

    def advance(self, count: int = 1, facts: str = "") -> None:
        """`count` more units are done; `facts` is a short text such as `812 samples, 57 tokens/s`."""

    def estimate(self, share: float) -> None:
        """So much of the work begun last is done, where units that are done tell less; told before `advance`."""

    def finish(self, summary: str = "") -> None:
        """The piece of work begun last is done."""

    def note(self, text: str) -> None:
        """A line for people that stays on the screen."""


class SilentProgress:
    """Says nothing and remembers the notes: the fake for tests and library use."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def start(self, stage: str, total: int, unit: str, done: int = 0) -> None:
        """Ignore."""

    def advance(self, count: int = 1, facts: str = "") -> None:
        """Ignore."""

    def estimate(self, share: float) -> None:
        """Ignore."""

    def finish(self, summary: str = "") -> None:
        """Ignore."""

    def note(self, text: str) -> None:
        """Keep the text in `notes`."""
        self.notes.append(text)


class Numbered:
    """Progress of one of several tasks: what begins is told with its number."""

    def __init__(self, progress: Progress, number: int, count: int) -> None:
        self._progress, self._place = progress, f" ({number} of {count})" if count > 1 else ""

    def start(self, stage: str, total: int, unit: str, done: int = 0) -> None:
        """Pass on, with which of how many this is."""
        self._progress.start(f"{stage}{self._place}", total, unit, done)

    def advance(self, count: int = 1, facts: str = "") -> None:
        """Pass on."""
        self._progress.advance(count, facts)

    def estimate(self, share: float) -> None:
        """Pass on."""
        self._progress.estimate(share)

    def finish(self, summary: str = "") -> None:
        """Pass on."""
        self._progress.finish(summary)

    def note(self, text: str) -> None:
        """Pass on."""
        self._progress.note(text)
