"""What lies in a run directory: one row a file, with what it is, how large it may be, who writes it, what outdates it.

Everything that names, reads, checks or removes a file of a run goes by this table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20
Format = Literal["json", "jsonl", "text", "folder"]

PLAN = "plan.json"
MODEL = "model.json"
MODEL_FOLDER = "model"
SAMPLES_FOLDER = "samples"
VERDICTS_FOLDER = "verdicts"
SCORES = "scores.json"
FINDINGS = "findings.json"
GATES = "gates.json"
REPORT_FOLDER = "report"
PAGE = f"{REPORT_FOLDER}/index.html"
PLOT = f"{REPORT_FOLDER}/scores.png"
SUBMISSION_FOLDER = "submission"
SUBMISSION = "submission.json"
BODY = "pr_body.md"
CROSSCHECK = "crosscheck.json"
LEDGER = "ledger.json"
LOCK = ".podium.lock"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a run. `kind` says what is in it (`validate` knows how to read each), `path` where it lies.

    What is written after validation is no evidence: counting it would make a second validation of the same run
    differ from the first. Whatever `outdated_by` names makes the file worthless when it writes something new.
    """

    path: str
    kind: str = ""
    format: Format = "json"
    limit_bytes: int = 4 * MIB
    is_evidence: bool = False
    stage: str
    outdated_by: str = ""


TABLE = (
    Row(path=PLAN, kind="plan", limit_bytes=16 * MIB, is_evidence=True, stage="plan"),
    Row(path=MODEL_FOLDER, format="folder", stage="convert"),
    Row(path=MODEL, kind="model", limit_bytes=16 * MIB, is_evidence=True, stage="convert"),
    Row(path=SCORES, kind="scores", is_evidence=True, stage="score"),
    # From here on: what may be sent goes first when scores change.
    Row(path=SUBMISSION, kind="submission", stage="report", outdated_by="score"),
    Row(path=SUBMISSION_FOLDER, format="folder", stage="report", outdated_by="score"),
    Row(path=BODY, kind="body", format="text", stage="report", outdated_by="score"),
    Row(path=GATES, kind="gates", stage="report", outdated_by="score"),
    Row(path=PAGE, kind="page", format="text", limit_bytes=64 * MIB, stage="report", outdated_by="score"),
    Row(path=PLOT, format="text", limit_bytes=64 * MIB, stage="report", outdated_by="score"),
    Row(path=FINDINGS, kind="findings", limit_bytes=16 * MIB, stage="validate", outdated_by="score"),
    Row(path=CROSSCHECK, kind="agreement", limit_bytes=64 * MIB, stage="crosscheck"),
    Row(path=LEDGER, kind="ledger", limit_bytes=16 * MIB, stage="run"),
)


def outdated_by(stage: str) -> list[str]:
    """Paths of what a stage makes worthless when it writes something new, what may be sent first."""
    return [row.path for row in TABLE if row.outdated_by == stage]


def verdicts_path(run_dir: Path, task: str) -> Path:
    """Path of a task's verdict log."""
    return run_dir / VERDICTS_FOLDER / f"{task}.jsonl"


def is_run_directory(folder: Path) -> bool:
    """Whether stages have worked in this folder, or do now."""
    return any((folder / name).exists() for name in (LOCK, PLAN, LEDGER, SAMPLES_FOLDER, VERDICTS_FOLDER))


def run_of_verdicts(path: Path) -> Path | None:
    """The run directory that a verdict log at this path belongs to, if any."""
    return path.parent.parent if path.parent.name == VERDICTS_FOLDER else None
