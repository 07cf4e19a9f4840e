"""Whether limits of the sandbox decided verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.gates.decision import decision
from podium.records import LIMIT_OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.gates.evidence import Evidence
    from podium.records import Gate


def decide(evidence: Evidence) -> Iterator[Gate]:
    """Programs whose end a limit of ours decided: with the harness, which has none, some might have passed."""
    scores = evidence.scores.tasks
    met = [
        f"{score.outcomes[outcome]} {outcome} in {score.task}"
        for score in scores
        for outcome in LIMIT_OUTCOMES
        if score.outcomes.get(outcome)
    ]
    total = sum(score.problems * score.n_samples for score in scores)
    yield decision(
        "limits",
        at_risk=f"limits of the sandbox decided: {', '.join(met)}" if met else "",
        yes=f"no limit of the sandbox decided any of {total} verdicts",
    )
