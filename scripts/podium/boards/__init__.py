"""boards: external places that rank submissions. `prepare` and `problems` think, only `send` writes to the network.

Reads a run directory. Writes a receipt into it (`receipt_name`), and the pull request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from podium.boards.package import Package, pack
from podium.boards.preflight import refuse
from podium.errors import ApprovalError, StalePlanError
from podium.names import load
from podium.records import Receipt, receipt_name, write_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from github import Github
    from huggingface_hub import HfApi

    from podium.progress import Report
    from podium.records import Finding, SendPlan

Stage = Literal["submit", "publish"]
BOARDS = {
    "fork": "podium.boards.fork:ForkBoard",
    "space": "podium.boards.space:SpaceBoard",
    "eval-results": "podium.boards.eval_results:EvalResultsBoard",
    "evalplus": "podium.boards.evalplus:EvalPlusBoard",
    "directory": "podium.boards.directory:DirectoryBoard",
}


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

    def send(self, package: Package, report: Report) -> Receipt:
        """Bring the board to hold this submission exactly once. Raises BoardError and its kinds."""

    def withdraw(self, package: Package, report: Report) -> Receipt:
        """Take this model's open submission back. Raises BoardError and its kinds."""


def open_board(name: str, targets: Targets, clients: Clients) -> Board:
    """Build the board of that name. Raises UnknownNameError, UsageError."""
    board: Board = load("board", name, BOARDS)(targets, clients)
    return board


def plan_only(board: Board, run_dir: Path) -> SendPlan:
    """Say what would be sent, where, and what would become of it. Writes nothing."""
    package = board.prepare(run_dir)
    reasons = package.reasons_not_to_send()
    plan = board.outlook(package)
    if reasons:
        return msgspec.structs.replace(plan, outcome="skipped", reason="; ".join(reasons), calls=[])
    try:
        problems = [*plan.problems, *(finding.message for finding in board.problems(package))]
    except ApprovalError as err:
        problems = [str(err)]
    return msgspec.structs.replace(plan, problems=problems)


def submit(stage: Stage, board: Board, run_dir: Path, report: Report, plan: SendPlan | None = None) -> Receipt:
    """Send a run's submission and write its receipt. Safe to repeat: it ends in the same one pull request.

    With a `plan`, exactly that is done or nothing. Raises RecordError, StalePlanError, BoardError and its kinds.
    """
    package = board.prepare(run_dir)
    reasons = package.reasons_not_to_send()
    if reasons:
        receipt = skipped(stage, board.name, package, "; ".join(reasons))
    else:
        refuse(board.problems(package))
        if plan is not None:
            _refuse_stale(plan, board.outlook(package))
        receipt = msgspec.structs.replace(board.send(package, report), stage=stage)
    write_record(run_dir / receipt_name(stage, board.name), receipt)
    return receipt


def withdraw(stage: Stage, board: Board, run_dir: Path, report: Report) -> Receipt:
    """Take this model's open submission back and write the receipt. Raises RecordError, BoardError and its kinds."""
    package = board.prepare(run_dir)
    receipt = msgspec.structs.replace(board.withdraw(package, report), stage=stage)
    write_record(run_dir / receipt_name(stage, board.name), receipt)
    return receipt


def skipped(stage: Stage, board: str, package: Package, reason: str) -> Receipt:
    """The receipt of a submission that was deliberately not sent."""
    return Receipt(
        stage=stage, board=board, outcome="skipped", reason=reason, submission_sha256=package.submission.sha256
    )


def _refuse_stale(plan: SendPlan, now: SendPlan) -> None:
    """Raises StalePlanError naming what of the plan is not as it was."""
    moved = [
        field for field in plan.__struct_fields__ if field != "problems" and getattr(plan, field) != getattr(now, field)
    ]
    if moved:
        message = f"the plan is stale: {', '.join(moved)} changed after it was written"
        raise StalePlanError(message, hint="write and read a new plan: --plan-only -o FILE, then --plan FILE")


__all__ = [
    "BOARDS",
    "Board",
    "Clients",
    "Package",
    "Targets",
    "open_board",
    "pack",
    "plan_only",
    "skipped",
    "submit",
    "withdraw",
]
