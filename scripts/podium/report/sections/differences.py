"""In what the machine that judged differs from the board's own image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.report.document import Points, Section

if TYPE_CHECKING:
    from podium.gates.evidence import Evidence


def section(evidence: Evidence) -> Section:
    """One point for each difference, none where there is none."""
    points = [f"{header.task}: {difference}" for header in evidence.headers for difference in header.differences]
    return Section(title="Differences from the board's own image", blocks=[Points(points=points)])
