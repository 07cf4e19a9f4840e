"""boards: external places that rank submissions. `prepare` and `problems` think, only `send` writes to the network.

Reads a run directory. Writes a receipt into it (`receipt_name`), and the pull request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.boards.refusal import refuse
from podium.errors import ApprovalError, OlderReleaseError, PodiumError, StalePlanError
from podium.records import Receipt, receipt_name, write_record

if TYPE_CHECKING:
    from pathlib import Path

    from podium.boards.listing import Stage
    from podium.boards.seam import Board
    from podium.progress import Progress
    from podium.records import SendPlan
    from podium.submission.package import Package


def plan_withdrawal(board: Board, run_dir: Path) -> SendPlan:
    """Say what taking back would close and delete, by name. Writes nothing."""
    return board.withdrawal(board.prepare(run_dir))


def plan_only(board: Board, run_dir: Path) -> SendPlan:
    """Say what would be sent, where, and what would become of it. Writes nothing."""
    return preview(board, run_dir)[0]


def preview(board: Board, run_dir: Path) -> tuple[SendPlan, PodiumError | None]:
    """What would be sent, and the error that sending would end with, if any. Writes nothing.

    Raises BoardError and its kinds where not even a plan can be made.
    """
    package = board.prepare(run_dir)
    reasons = package.reasons_not_to_send()
    plan = board.outlook(package)
    if reasons:
        return msgspec.structs.replace(plan, outcome="skipped", reason="; ".join(reasons), calls=[]), None
    obstacle: PodiumError | None = None
    if plan.problems:
        hint = f"--force replaces {plan.replaces}, if that is what you want"
        obstacle = OlderReleaseError("; ".join(plan.problems), hint=hint)
    problems = list(plan.problems)
    try:
        findings = board.problems(package)
        problems += [finding.message for finding in findings]
        refuse(findings)
    except ApprovalError as err:
        problems, obstacle = [*problems, str(err)], err
    except PodiumError as err:
        obstacle = err
    return msgspec.structs.replace(plan, problems=problems), obstacle


def submit(stage: Stage, board: Board, run_dir: Path, report: Progress, plan: SendPlan | None = None) -> Receipt:
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


def withdraw(stage: Stage, board: Board, run_dir: Path, report: Progress, plan: SendPlan | None = None) -> Receipt:
    """Take this model's open submission back and write the receipt. Raises RecordError, BoardError and its kinds.

    With a `plan`, exactly that is taken back or nothing. Raises StalePlanError.
    """
    package = board.prepare(run_dir)
    if plan is not None:
        _refuse_stale(plan, board.withdrawal(package))
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
