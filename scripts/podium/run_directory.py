"""What lies in a run directory: one row a file, with what it is, how large it may be, who writes it, what outdates it.

Everything that names, reads, checks or removes a file of a run goes by this table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from podium.generations import LIMIT_BYTES
from podium.protocol import generations_name, metrics_name

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from podium.records import Plan

MIB = 1 << 20
Format = Literal["json", "jsonl", "text", "image", "folder"]

PLAN = "plan.json"
MODEL = "model.json"
MODEL_FOLDER = "model"
SAMPLES_FOLDER = "samples"
VERDICTS_FOLDER = "verdicts"
WHOLE = "1-of-1"  # the shard that a run draws
SAMPLES = f"{SAMPLES_FOLDER}/{{task}}.{{shard}}.jsonl"
VERDICTS = f"{VERDICTS_FOLDER}/{{task}}.jsonl"
GENERATIONS = generations_name("{task}", "{model}")
METRICS = metrics_name("{task}", "{model}")
GROUPED = "{folder}.json"
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
THROUGHPUT = "throughput.json"
LEDGER = "ledger.json"
LOCK = ".podium.lock"
SUBMIT_RECEIPT = "submit.json"
PUBLISH_RECEIPT = "publish.json"
BESIDE_RECEIPTS = (
    "publish.eval-results.json",
    "submit.evalplus.json",
    "submit.directory.json",
    "publish.model.json",
)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a run: what it is (`name`, and `schema` where it has one), how it is read, and where it lies.

    `path` is a pattern where names of tasks, shards and models stand in it. What is written after validation is no
    evidence of a score: counting it would make a second validation of the same run differ from the first. When the
    stage `outdated_by` writes something new, the file is worthless.
    """

    name: str
    path: str = ""
    format: Format = "json"
    schema: str = ""
    limit_bytes: int = 4 * MIB
    is_evidence: bool = True
    stage: str = ""
    outdated_by: str = ""


class Later(Row, frozen=True, kw_only=True):
    """A file that is written after validation."""

    is_evidence: bool = False


TABLE = (
    Row(name="plan", path=PLAN, schema="plan", limit_bytes=16 * MIB, stage="plan"),
    Row(name="model folder", path=MODEL_FOLDER, format="folder", is_evidence=False, stage="convert"),
    Row(name="model", path=MODEL, schema="model", limit_bytes=16 * MIB, stage="convert"),
    Row(name="samples", path=SAMPLES, format="jsonl", schema="samples", limit_bytes=256 * MIB, stage="generate"),
    Row(name="generations", path=GENERATIONS, schema="bigcode-generations", limit_bytes=LIMIT_BYTES, stage="generate"),
    Row(name="verdicts", path=VERDICTS, format="jsonl", schema="verdicts", limit_bytes=256 * MIB, stage="execute"),
    Row(name="metrics", path=METRICS, schema="bigcode-metrics", stage="score"),
    Row(name="grouped", path=GROUPED, schema="bigcode-grouped", stage="score"),
    Row(name="scores", path=SCORES, schema="scores", stage="score"),
    # What may be sent goes first when scores change.
    Later(name="submission", path=SUBMISSION, schema="submission", stage="report", outdated_by="score"),
    Later(name="submission folder", path=SUBMISSION_FOLDER, format="folder", stage="report", outdated_by="score"),
    Later(name="body", path=BODY, format="text", stage="report", outdated_by="score"),
    Later(name="gates", path=GATES, schema="gates", stage="report", outdated_by="score"),
    Later(name="page", path=PAGE, format="text", limit_bytes=64 * MIB, stage="report", outdated_by="score"),
    Later(name="plot", path=PLOT, format="image", stage="report", outdated_by="score"),
    Later(
        name="findings", path=FINDINGS, schema="findings", limit_bytes=16 * MIB, stage="validate", outdated_by="score"
    ),
    Later(name="throughput", path=THROUGHPUT, schema="throughput", stage="measure"),
    Later(name="agreement", path=CROSSCHECK, schema="agreement", limit_bytes=64 * MIB, stage="crosscheck"),
    Later(name="ledger", path=LEDGER, schema="ledger", limit_bytes=16 * MIB, stage="run"),
    Later(name="receipt", path=SUBMIT_RECEIPT, schema="receipt", stage="submit"),
    Later(name="receipt", path=PUBLISH_RECEIPT, schema="receipt", stage="publish"),
    *(Later(name="receipt", path=path, schema="receipt", stage="submit") for path in BESIDE_RECEIPTS),
)


def named(name: str) -> Row:
    """The first row of that name."""
    return next(row for row in TABLE if row.name == name)


def fixed() -> dict[str, Row]:
    """The rows of files whose path is the same in every run, by path."""
    return {row.path: row for row in TABLE if "{" not in row.path and row.format not in ("folder", "image")}


def folders() -> set[str]:
    """Folders, or how their names begin, that hold files of the table."""
    return {row.path.rpartition("/")[0].partition("{")[0] for row in TABLE if "/" in row.path}


def evidence_of(plan: Plan, tasks_on_board: Collection[str]) -> dict[str, tuple[str, str]]:
    """Every file that a scored run must have: path to (name of its row, task or nothing)."""
    model = plan.release.model
    wanted = {}
    for row in TABLE:
        if not row.is_evidence or (row.name == "grouped" and not tasks_on_board):
            continue
        for task in (planned.task for planned in plan.tasks) if "{task}" in row.path else ("",):
            path = row.path.format(task=task, shard=WHOLE, model=model.model, folder=model.folder)
            wanted[path] = (row.name, task)
    return wanted


def outdated_by(stage: str) -> list[str]:
    """Paths of what a stage makes worthless when it writes something new, what may be sent first."""
    return [row.path for row in TABLE if row.outdated_by == stage]


def verdicts_path(run_dir: Path, task: str) -> Path:
    """Path of a task's verdict log."""
    return run_dir / VERDICTS.format(task=task)


def is_run_directory(folder: Path) -> bool:
    """Whether stages have worked in this folder, or do now."""
    return any((folder / name).exists() for name in (LOCK, PLAN, LEDGER, SAMPLES_FOLDER, VERDICTS_FOLDER))


def run_of_verdicts(path: Path) -> Path | None:
    """The run directory that a verdict log at this path belongs to, if any."""
    return path.parent.parent if path.parent.name == VERDICTS_FOLDER else None
