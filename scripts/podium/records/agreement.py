"""crosscheck.json: what the official harness says of the same generations."""

from __future__ import annotations

from typing import Annotated

import msgspec

from podium.records.values import (
    Count,
    Part,
    Positive,
    ProblemId,
    Record,
    Sha256,
)
from podium.records.verdicts import SandboxFacts


class Difference(Part, frozen=True, kw_only=True):
    """A sample that we and the official harness judge differently, in verdict or only in text (`same_verdict`)."""

    problem: ProblemId
    index: Count
    ours: str
    theirs: str
    same_verdict: bool
    program_sha256: Sha256


class TaskAgreement(Part, frozen=True, kw_only=True):
    """One task judged by both. `asked_again`: samples that the harness judged once more, alone, as they differed."""

    task: str
    samples: Positive
    distinct: Positive
    agreeing: Count
    asked_again: Count
    generations_sha256: Sha256
    verdicts_sha256: Sha256
    differences: list[Difference]


class Agreement(Record, frozen=True, kw_only=True, tag="agreement"):
    """crosscheck.json: what the official harness says of the same generations, and in what it ran."""

    harness_sha256: Sha256
    harness_commit: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{40})?(?!\n)$")] = ""
    python: str
    sandbox: SandboxFacts
    tasks: list[TaskAgreement]
