"""Whether a task's score looks like a model's, not like a fault's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.gates.decision import decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.gates.evidence import Evidence
    from podium.records import Gate, TaskScore

# Leaderboard practice: more than this share of timeouts speaks of a loaded machine, not of the model.
MANY_TIMEOUTS = 0.02


def decide(evidence: Evidence) -> Iterator[Gate]:
    """At risk, task by task, where all or none passed, many timed out, or programs lacked what the harness has."""
    return map(_decide, evidence.scores.tasks)


def _decide(score: TaskScore) -> Gate:
    total = score.problems * score.n_samples
    timeouts = score.outcomes.get("timed_out", 0) / total
    doubts = []
    if score.correct in (0, total):
        doubts.append(f"{score.correct} of {total} programs passed")
    if unavailable := score.outcomes.get("unavailable", 0):
        doubts.append(f"{unavailable} of {total} programs asked for what the harness has and programs here have not")
    if timeouts > MANY_TIMEOUTS:
        doubts.append(f"{timeouts:.1%} of programs timed out")
    return decision(
        f"plausible {score.task}", at_risk="; ".join(doubts), yes=f"{score.correct} of {total} programs passed"
    )
