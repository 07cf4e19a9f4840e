"""Whether the run is what the board asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.gates.decision import decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.gates.evidence import Evidence
    from podium.records import Gate


def decide(evidence: Evidence) -> Iterator[Gate]:
    """No where the run is partial."""
    plan = evidence.plan
    yes = f"{len(plan.tasks)} tasks, all problems, {plan.sampling.n_samples} samples each, as the board asks"
    yield decision("protocol", no="; ".join(plan.partial), yes=yes)
