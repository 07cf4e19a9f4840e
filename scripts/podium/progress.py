"""What a stage may say while it works; `cli/console.py` renders it, tests record it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Progress of one command. A stage calls it; it never prints itself."""

    def start(self, stage: str, total: int, unit: str, done: int = 0) -> None:
        """Work of `total` units begins, `done` of them done earlier: ("generate humaneval", 8200, "samples")."""

    def advance(self, count: int = 1, facts: str = "") -> None:
        """`count` more units are done; `facts` is a short text such as `812 samples, 57 tokens/s`."""

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

    def finish(self, summary: str = "") -> None:
        """Ignore."""

    def note(self, text: str) -> None:
        """Keep the text in `notes`."""
        self.notes.append(text)
