"""verify: a submission of anybody, its scores recomputed from a random part of its generations or from all of them.

Reads generations and scores, believes no digest and no verdict that comes with them. Writes verdict logs of its own
into a work folder, which a later call with the same seed continues, and verification.json.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from podium import __version__
from podium.errors import UsageError
from podium.names import closest
from podium.records import Verification
from podium.tasks import known_tasks
from podium.verify import chances
from podium.verify.trial import DOUBTED, REFUTED, Trial, TrialOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from podium.execute.sandbox import Runner
    from podium.progress import Progress
    from podium.records import Conclusion, Redrawing, VerifiedTask
    from podium.tasks import Task
    from podium.verify.submitted import Claim, Submitted

ORIGIN = "origin of generations"
DEFAULT_FRACTION = 0.05


class VerifyOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is executed: a seeded part of each task (1: all), of these tasks alone if any are named."""

    seed: int
    work: Path
    fraction: float = DEFAULT_FRACTION
    tasks: tuple[str, ...] = ()
    workers: int | None = None

    def __post_init__(self) -> None:
        """Raise UsageError for a part that is none."""
        if not 0 < self.fraction <= 1:
            message = f"{self.fraction} of the programs is no part of them"
            raise UsageError(message, hint="--fraction 0.05 is every twentieth program, --fraction 1 all of them")


def verify(
    options: VerifyOptions,
    submitted: Submitted,
    load: Callable[[str], Task],
    sandbox: Runner,
    report: Progress,
    redraw: Callable[[Submitted], Redrawing] | None = None,
) -> Verification:
    """Hold every claim against what executing its generations shows.

    A part that fits its score badly is enlarged until it fits or is as good as impossible; only then is a score
    refuted. Raises UsageError for tasks that are not there, TaskDataError, StorageError.
    """
    trials, unknown = [], []
    for claim in chosen(submitted, options.tasks):
        if claim.task in known_tasks():
            trials.append(_trial(options, submitted, claim, load(claim.task)))
        else:
            unknown.append(f"{claim.task}: no such task is known here")
    for trial in trials:
        trial.begin(sandbox, report)
        while trial.wants_more:
            trial.go_on(sandbox, report)
    _look_at_all(trials, sandbox, report)
    redrawing = redraw(submitted) if redraw else None
    return _concluded(options, submitted, [trial.conclude() for trial in trials], unknown, redrawing)


def chosen(submitted: Submitted, names: tuple[str, ...]) -> list[Claim]:
    """The claims of these tasks, or all. Raises UsageError for a task that the submission does not have."""
    known = [claim.task for claim in submitted.claims]
    for name in names:
        if name not in known:
            message = f"{submitted.source} has no task {name!r}{closest(name, known)}"
            raise UsageError(message, hint=f"its tasks are {', '.join(known)}")
    return [claim for claim in submitted.claims if not names or claim.task in names]


def _trial(options: VerifyOptions, submitted: Submitted, claim: Claim, task: Task) -> Trial:
    more = TrialOptions(
        fraction=options.fraction,
        seed=options.seed,
        work=options.work,
        n_samples=submitted.n_samples,
        workers=options.workers,
    )
    return Trial(claim, task, more)


def _look_at_all(trials: list[Trial], sandbox: Runner, report: Progress) -> None:
    """Scores that fit badly one by one may be impossible together: the worst is enlarged until that is settled."""
    while REFUTED <= _chance_of_all(trials) < DOUBTED:
        open_trials = [trial for trial in trials if trial.can_go_on]
        if not open_trials:
            return
        worst = min(open_trials, key=lambda trial: trial.probability or 1.0)
        worst.go_on(sandbox, report)


def _chance_of_all(trials: list[Trial]) -> float:
    chances_of_each = [trial.probability for trial in trials if trial.probability is not None]
    return chances.together(chances_of_each)


def _concluded(
    options: VerifyOptions,
    submitted: Submitted,
    tasks: list[VerifiedTask],
    unknown: list[str],
    redrawing: Redrawing | None,
) -> Verification:
    reasons = {"refuted": [], "undecided": [*submitted.faults, *unknown]}
    for task in tasks:
        if task.conclusion != "verified":
            reasons[task.conclusion] += [f"{task.task}: {reason}" for reason in task.reasons]
    probabilities = [task.probability for task in tasks if task.probability is not None]
    if not reasons["refuted"] and chances.together(probabilities) < DOUBTED:
        is_refuted = chances.together(probabilities) < REFUTED
        message = "all tasks together fit their scores too badly, though no task alone does"
        reasons["refuted" if is_refuted else "undecided"].append(message)
    if redrawing is not None and redrawing.conclusion != "verified":
        reasons[redrawing.conclusion].append(redrawing.reason)
    if not any(task.executed for task in tasks) and not reasons["refuted"] and not reasons["undecided"]:
        reasons["undecided"].append("no program was executed")
    conclusion: Conclusion = "refuted" if reasons["refuted"] else "undecided" if reasons["undecided"] else "verified"
    return Verification(
        source=submitted.source,
        model=submitted.model,
        files=submitted.files,
        seed=options.seed,
        fraction=options.fraction,
        tasks=tasks,
        hidden=_hidden(tasks),
        redrawing=redrawing,
        conclusion=conclusion,
        reasons=[*reasons["refuted"], *reasons["undecided"]],
        unchecked=_unchecked(tasks, redrawing),
        podium=__version__,
    )


def _hidden(tasks: list[VerifiedTask]) -> float:
    """How much of the scores of all tasks together, weighted by programs, a forger could still hide (95 %)."""
    programs = sum(task.programs for task in tasks)
    if not programs:
        return 0.0
    claimed = math.fsum(task.programs * _claimed(task) for task in tasks) / programs
    executed, passed = sum(task.executed for task in tasks), sum(task.passed for task in tasks)
    if executed == programs:
        return max(0.0, claimed - passed / programs)
    reached = sum(task.programs for task in tasks if task.executed) / programs
    by_all = claimed - reached * chances.least(passed, executed)
    by_each = math.fsum(task.programs * task.hidden for task in tasks) / programs
    return max(0.0, min(by_all, by_each))


def _claimed(task: VerifiedTask) -> float:
    return task.grouped if task.grouped is not None else task.metrics.get("pass@1", 0.0)


def _unchecked(tasks: list[VerifiedTask], redrawing: Redrawing | None) -> list[str]:
    partly = [task.task for task in tasks if task.executed < task.programs and len(task.metrics) > 1]
    unchecked = [f"pass@10 of {', '.join(partly)}, but for whether it can go with pass@1"] if partly else []
    if redrawing is None or redrawing.conclusion == "undecided":
        unchecked.append(ORIGIN)
    return unchecked
