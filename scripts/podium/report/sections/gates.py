"""Every gate's decision with its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.gates import decide
from podium.report.document import Section, Table

if TYPE_CHECKING:
    from podium.gates.evidence import Evidence


def section(evidence: Evidence) -> Section:
    """One row for each gate."""
    gates = decide(evidence).gates
    rows = [[gate.name, gate.decision.replace("_", " "), gate.evidence] for gate in gates]
    table = Table(head=["gate", "decision", "evidence"], rows=rows, decisions=[gate.decision for gate in gates])
    return Section(title="Gates", blocks=[table])
