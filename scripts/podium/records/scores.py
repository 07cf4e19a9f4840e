"""scores.json, findings.json and gates.json: aggregates, broken rules and decisions."""

from __future__ import annotations

from typing import Literal

from podium.records.plan import FileDigest, ModelName, Release
from podium.records.values import Count, Fraction, Part, Positive, Record, Severity, Sha256


class TaskScore(Part, frozen=True, kw_only=True):
    """The aggregate of one task: `pass_at[k]` over `problems` x `n_samples` verdicts, and every outcome's count."""

    task: str
    problems: Positive
    problems_in_task: Positive
    n_samples: Positive
    correct: Count
    pass_at: dict[str, Fraction]
    outcomes: dict[str, Count]
    verdicts_sha256: Sha256


class Scores(Record, frozen=True, kw_only=True, tag="scores"):
    """scores.json: every score of the run with its n, and what was left out."""

    model: ModelName
    mode: Literal["parity", "corrected"]
    tasks: list[TaskScore]
    left_out: list[str]


class Finding(Part, frozen=True, kw_only=True):
    """One rule that does not hold. `where` is a JSON path or `line N`; `rule` is stable for filters and links."""

    rule: str
    severity: Severity
    path: str
    where: str = ""
    message: str
    hint: str = ""


class Findings(Record, frozen=True, kw_only=True, tag="findings"):
    """findings.json: what `validate` saw over a run directory or a submission."""

    files: list[FileDigest]
    findings: list[Finding]


class Gate(Part, frozen=True, kw_only=True):
    """A yes / no / at-risk decision on a release with its evidence. Only `no` stops a submission."""

    name: str
    decision: Literal["yes", "no", "at_risk"]
    evidence: str


class Gates(Record, frozen=True, kw_only=True, tag="gates"):
    """gates.json: every gate of the release."""

    release: Release
    gates: list[Gate]
