"""How programs ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.report.document import Section, Table

if TYPE_CHECKING:
    from podium.gates.evidence import Evidence


def section(evidence: Evidence) -> Section:
    """One row for each task, one column for each outcome that came up."""
    tasks = evidence.scores.tasks
    names = sorted({outcome for score in tasks for outcome in score.outcomes})
    rows = [[score.task, *(str(score.outcomes.get(name, 0)) for name in names)] for score in tasks]
    table = Table(head=["task", *names], rows=rows, numbers=frozenset(range(1, len(names) + 1)))
    return Section(title="Outcomes", blocks=[table])
