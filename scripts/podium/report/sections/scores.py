"""Every task's score, with its n and what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.report.document import Section, Table, Text, percent

if TYPE_CHECKING:
    from podium.gates.evidence import Evidence
    from podium.records import TaskScore

HEAD = ["task", "problems", "samples each", "passed", "pass@1 (%)", "at 95 %", "pass@10 (%)"]


def section(evidence: Evidence) -> Section:
    """The table that the plot shows too."""
    scores = evidence.scores
    table = Table(head=HEAD, rows=[_row(score) for score in scores.tasks], numbers=frozenset(range(1, len(HEAD))))
    left_out = Text(text=f"Left out: {'; '.join(scores.left_out)}.")
    return Section(blocks=[table, left_out] if scores.left_out else [table])


def _row(score: TaskScore) -> list[str]:
    counts = [f"{score.problems} of {score.problems_in_task}", str(score.n_samples), str(score.correct)]
    shares = [percent(score.pass_at[name]) if name in score.pass_at else "" for name in ("pass@1", "pass@10")]
    interval = " to ".join(map(percent, score.interval)) if score.interval else ""
    return [score.task, *counts, shares[0], interval, shares[1]]
