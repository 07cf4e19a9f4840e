"""Whether the official harness gives the same verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.gates.decision import decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.gates.evidence import Evidence
    from podium.records import Gate


def decide(evidence: Evidence) -> Iterator[Gate]:
    """Where both judged and differ, nothing is submitted until the difference is explained."""
    agreement = evidence.agreement
    if agreement is None:
        return  # it was not asked
    current = {score.task: score.verdicts_sha256 for score in evidence.scores.tasks}
    stale = [task.task for task in agreement.tasks if current.get(task.task) != task.verdicts_sha256]
    differing = [
        f"{task.task} {difference.problem}#{difference.index}"
        for task in agreement.tasks
        for difference in task.differences
        if not difference.same_verdict
    ]
    judged = sum(task.samples for task in agreement.tasks)
    yield decision(
        "harness",
        no=f"{len(differing)} verdicts differ, first {', '.join(differing[:3])}" if differing else "",
        at_risk=f"crosschecked with other verdicts: {', '.join(stale)}" if stale else "",
        yes=f"the official harness gives the same verdict for all {judged} samples of {len(agreement.tasks)} tasks",
    )
