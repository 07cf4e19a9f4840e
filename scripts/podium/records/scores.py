"""scores.json: aggregates over verdicts, each with its n."""

from __future__ import annotations

from typing import Literal

from podium.records.plan import ModelName
from podium.records.values import Count, Fraction, Part, Positive, Record, Sha256


class TaskScore(Part, frozen=True, kw_only=True):
    """The aggregate of one task: `pass_at[k]` over `problems` x `n_samples` verdicts, and every outcome's count.

    `interval` is that of pass@1 at 95 %, by a bootstrap over problems; scores of earlier versions have none.
    """

    task: str
    problems: Positive
    problems_in_task: Positive
    n_samples: Positive
    correct: Count
    pass_at: dict[str, Fraction]
    interval: tuple[Fraction, Fraction] | None = None
    outcomes: dict[str, Count]
    verdicts_sha256: Sha256


class Scores(Record, frozen=True, kw_only=True, tag="scores"):
    """scores.json: every score of the run with its n, and what was left out."""

    model: ModelName
    mode: Literal["parity", "corrected"]
    tasks: list[TaskScore]
    left_out: list[str]
