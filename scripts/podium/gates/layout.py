"""How the checkpoint was read, and whether that was found or assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.gates.decision import decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.gates.evidence import Evidence
    from podium.records import Gate


def decide(evidence: Evidence) -> Iterator[Gate]:
    """At risk where a reading was assumed."""
    model, verdict = evidence.model, evidence.model.verdict
    chosen = verdict.hypothesis
    read = f"{model.layout} read as {chosen.order}, {chosen.pairing}, {chosen.head}"
    at_risk = f"{read}; assumed, not found: {', '.join(verdict.assumed)}" if verdict.assumed else ""
    yield decision("layout", at_risk=at_risk, yes=f"{read}, decided by {verdict.decided_by}: {verdict.evidence}")
