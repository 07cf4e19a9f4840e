"""What a board is, which there are, and what each is given: where to send, and how to get at the APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from podium.boards.listing import listed
from podium.names import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from github import Github
    from huggingface_hub import HfApi

    from podium.progress import Progress
    from podium.records import Finding, Receipt, SendPlan
    from podium.submission.package import Package

BOARDS = listed()


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """Where submissions go: the organisation's fork, the Space, or a directory.

    `results` are EvalPlus's own result files, for the board that asks for them.
    """

    fork: str = ""
    base: str = "main"
    reviewers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    space: str = ""
    eval_results: bool = False
    directory: Path | None = None
    results: tuple[Path, ...] = ()
    upstream: str = ""
    create_fork: bool = False
    sync: bool = False
    force: bool = False

    def with_base(self, base: str) -> Targets:
        """The same with the base branch by the name it has now."""
        return msgspec.structs.replace(self, base=base)


class Clients(msgspec.Struct, frozen=True, kw_only=True):
    """How to get at the APIs; asked only by boards that need them, so a missing token is told only when it matters.

    The Hub's client is for one repository (`spaces/OWNER/NAME`, or `OWNER/NAME` of a model): so may be its token.
    """

    github: Callable[[], Github]
    hub: Callable[[str], HfApi]


class Board(Protocol):
    """An external place that ranks submissions."""

    name: str

    def prepare(self, run_dir: Path) -> Package:
        """Read and prove what would be sent. Raises RecordError."""

    def problems(self, package: Package) -> list[Finding]:
        """What stands in the way at the board, by reading only. Raises TokenError, BoardUnreachableError."""

    def outlook(self, package: Package) -> SendPlan:
        """What `send` would do to the board as it is now, by reading only."""

    def withdrawal(self, package: Package) -> SendPlan:
        """What `withdraw` would do to the board as it is now, by reading only."""

    def send(self, package: Package, report: Progress) -> Receipt:
        """Bring the board to hold this submission exactly once. Raises BoardError and its kinds."""

    def withdraw(self, package: Package, report: Progress) -> Receipt:
        """Take this model's open submission back. Raises BoardError and its kinds."""


def open_board(name: str, targets: Targets, clients: Clients) -> Board:
    """Build the board of that name. Raises UnknownNameError, UsageError."""
    board: Board = load("board", name, {row.name: row.where for row in BOARDS.values()})(targets, clients)
    return board
