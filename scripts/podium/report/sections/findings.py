"""What validation found in the run's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.report.document import Points, Section, Text

if TYPE_CHECKING:
    from podium.gates.evidence import Evidence


def section(evidence: Evidence) -> Section:
    """Every finding, or that there is none."""
    found = evidence.findings.findings
    points = [f"{one.severity} {one.rule}: {one.path} {one.where} {one.message}" for one in found]
    nothing = Text(text=f"None in {len(evidence.findings.files)} files.")
    return Section(title="Findings", blocks=[Points(points=points) if points else nothing])
