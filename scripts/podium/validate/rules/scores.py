"""Rules on numbers: every score recomputed from verdicts, and equal wherever it is written."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from podium.profiles import PROFILES, profile_named
from podium.protocol import PASS_AT, pass_at_bounds, pass_at_k
from podium.run_directory import SCORES
from podium.score.interval import interval
from podium.validate.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.records import TaskScore
    from podium.validate.contents import Contents, VerdictLog

TOLERANCE = 1e-9
WHOLE_TOLERANCE = 1e-6
AGAIN = "podium score --run-dir RUN_DIR computes it from the verdicts"


class Recomputed(msgspec.Struct, frozen=True, kw_only=True):
    """What the verdicts of a task say."""

    correct: int
    pass_at: dict[str, float]
    interval: tuple[float, float]
    outcomes: dict[str, int]


def recompute(log: VerdictLog) -> Recomputed:
    """Aggregate verdicts once more, apart from the stage that wrote the scores."""
    n, problems = log.header.n_samples, dict.fromkeys(log.header.problems)
    correct = Counter(row.problem for row in log.rows if row.outcome == "passed")
    return Recomputed(
        correct=sum(correct.values()),
        pass_at={
            f"pass@{k}": sum(pass_at_k(n, correct[problem], k) for problem in problems) / max(len(problems), 1)
            for k in PASS_AT
            if k <= n
        },
        interval=interval([min(correct[problem], n) for problem in problems], n) if problems else (0.0, 0.0),
        outcomes=dict(Counter(row.outcome for row in log.rows)),
    )


def _same(left: dict[str, float], right: dict[str, float]) -> bool:
    return left.keys() == right.keys() and all(math.isclose(left[k], right[k], abs_tol=TOLERANCE) for k in left)


def scores_verdicts(contents: Contents) -> Iterator[Violation]:
    """scores.json is what its verdicts give."""
    for index, score in enumerate(contents.scores.tasks if contents.scores else []):
        log = contents.verdicts.get(score.task)
        if log is None:
            continue
        for name, said, found in _disagreements(score, log):
            message = f"{name} of {score.task} is {said}, its verdicts give {found}"
            yield Violation(path=SCORES, where=f"$.tasks[{index}].{name}", message=message, hint=AGAIN)
        if score.verdicts_sha256 != contents.digests[log.path].sha256:
            message = f"{score.task} was scored from other verdicts than {log.path}"
            where = f"$.tasks[{index}].verdicts_sha256"
            yield Violation(path=SCORES, where=where, message=message, hint=AGAIN)


def _disagreements(score: TaskScore, log: VerdictLog) -> Iterator[tuple[str, object, object]]:
    fresh = recompute(log)
    if score.correct != fresh.correct:
        yield "correct", score.correct, fresh.correct
    if score.outcomes != fresh.outcomes:
        yield "outcomes", score.outcomes, fresh.outcomes
    if not _same(score.pass_at, fresh.pass_at):
        yield "pass_at", score.pass_at, fresh.pass_at
    if score.interval is not None and score.interval != fresh.interval:
        yield "interval", score.interval, fresh.interval
    if score.problems != len(log.header.problems):
        yield "problems", score.problems, len(log.header.problems)
    if score.n_samples != log.header.n_samples:
        yield "n_samples", score.n_samples, log.header.n_samples


def scores_plan(contents: Contents) -> Iterator[Violation]:
    """scores.json has the plan's model, mode, tasks and sizes."""
    plan, scores = contents.plan, contents.scores
    if plan is None or scores is None:
        return
    wrong = [f"its {name} is not the plan's" for name in ("mode",) if getattr(scores, name) != getattr(plan, name)]
    if scores.model != plan.release.model:
        wrong.append(f"it is of {scores.model.hub_id}, the plan is of {plan.release.model.hub_id}")
    sizes = {task.task: task.problems_in_task for task in plan.tasks}
    scored = Counter(score.task for score in scores.tasks)
    wrong += [f"{task} is planned and has no score" for task in sizes if task not in scored]
    wrong += [f"{task} has a score and is not planned" for task in scored if task not in sizes]
    wrong += [f"{task} is scored {count} times" for task, count in scored.items() if count > 1]
    wrong += [
        f"{score.task} has {score.problems_in_task} problems in all, the plan says {sizes[score.task]}"
        for score in scores.tasks
        if sizes.get(score.task, score.problems_in_task) != score.problems_in_task
    ]
    for message in wrong:
        yield Violation(path=SCORES, message=message, hint=AGAIN)


def metrics_scores(contents: Contents) -> Iterator[Violation]:
    """A metrics file is what scores.json says, and what the verdicts give."""
    scored = {score.task: score.pass_at for score in contents.scores.tasks} if contents.scores else {}
    for task, artefact in contents.metrics.items():
        tasks = set(artefact.value) - {"config"}
        if tasks != {task}:
            message = f"it holds {', '.join(sorted(tasks))}, its name says {task}"
            yield Violation(path=artefact.path, where="$", message=message, hint=AGAIN)
            continue
        sources = {SCORES: scored.get(task)}
        if task in contents.verdicts:
            sources[contents.verdicts[task].path] = recompute(contents.verdicts[task]).pass_at
        for source, pass_at in sources.items():
            if pass_at is not None and not _same(artefact.value[task], pass_at):
                message = f"it says {artefact.value[task]}, {source} gives {pass_at}"
                yield Violation(path=artefact.path, where=f"$.{task}", message=message, hint=AGAIN)


def grouped_metrics(contents: Contents) -> Iterator[Violation]:
    """The grouped file repeats the metrics files."""
    for index, result in enumerate(contents.grouped.value["results"] if contents.grouped else []):
        artefact = contents.metrics.get(result["task"])
        metrics = artefact.value.get(result["task"], {}).get("pass@1") if artefact else None
        if artefact and metrics is not None and not math.isclose(result["pass@1"], metrics, abs_tol=TOLERANCE):
            message = f"{result['task']} is {result['pass@1']}, {artefact.path} says {metrics}"
            where = f"$.results[{index}]['pass@1']"
            yield Violation(path=_grouped_path(contents), where=where, message=message, hint=AGAIN)


def grouped_tasks(contents: Contents) -> Iterator[Violation]:
    """The grouped file of a run has exactly the planned tasks that the board has a column for."""
    plan = contents.plan
    if plan is None or contents.grouped is None:
        return
    listed = {result["task"] for result in contents.grouped.value["results"]}
    wanted = {task.task for task in plan.tasks} & set(_columns(plan.profile))
    for task in sorted(listed ^ wanted):
        message = f"{task} is {'missing' if task in wanted else 'listed, and the plan or the board does not have it'}"
        yield Violation(path=_grouped_path(contents), where="$.results", message=message, hint=AGAIN)


def _columns(profile: str) -> dict[str, int]:
    return profile_named(profile).problems if profile in PROFILES else {}


def _grouped_path(contents: Contents) -> str:
    return contents.grouped.path if contents.grouped else ""


def whole_number(contents: Contents) -> Iterator[Violation]:
    """pass@1 x problems x samples counts programs: it is a whole number."""
    shapes = contents.shapes()
    for path, where, task, score in _pass_at_1(contents):
        shape = shapes.get(task)
        if shape is None:
            continue
        programs = score * shape.problems * shape.n_samples
        if abs(programs - round(programs)) > WHOLE_TOLERANCE:
            message = (
                f"{task} {score} x {shape.problems} problems x {shape.n_samples} samples is {programs:.4f} programs"
            )
            hint = "a rounded or typed score, a limit, stale results or another data set; score the run again"
            yield Violation(path=path, where=where, message=message, hint=hint)


def _pass_at_1(contents: Contents) -> Iterator[tuple[str, str, str, float]]:
    for index, result in enumerate(contents.grouped.value["results"] if contents.grouped else []):
        yield _grouped_path(contents), f"$.results[{index}]['pass@1']", result["task"], result["pass@1"]
    for artefact in contents.metrics.values():
        for task, scores in artefact.value.items():
            if task != "config":
                yield artefact.path, f"$.{task}['pass@1']", task, scores["pass@1"]


def pass_at_10_missing(contents: Contents) -> Iterator[Violation]:
    """Metrics over at least ten samples per problem also say pass@10."""
    for artefact in contents.metrics.values():
        for task, scores in artefact.value.items():
            if task != "config" and artefact.value["config"]["n_samples"] >= 10 and "pass@10" not in scores:
                message = f"{task} has pass@1 over ten samples or more, and no pass@10"
                yield Violation(path=artefact.path, where=f"$.{task}", message=message, hint=AGAIN)


def pass_at_possible(contents: Contents) -> Iterator[Violation]:
    """pass@1 and pass@k go together: some verdicts could give both."""
    for task, artefact in contents.metrics.items():
        scores, n_samples = artefact.value.get(task, {}), contents.profile().sampling.n_samples
        if contents.plan is not None:
            n_samples = contents.plan.sampling.n_samples
        for name, score in scores.items():
            k = int(name.partition("@")[2])
            low, high = pass_at_bounds(n_samples, scores["pass@1"], k) if k <= n_samples else (0.0, -1.0)
            if low <= high and score > high + TOLERANCE:
                message = f"{name} {score} does not go with pass@1 {scores['pass@1']}: it is {high} at most"
                yield Violation(path=artefact.path, where=f"$.{task}['{name}']", message=message, hint=AGAIN)
            elif k > n_samples:
                message = f"{name} is claimed over {n_samples} samples"
                yield Violation(path=artefact.path, where=f"$.{task}['{name}']", message=message, hint=AGAIN)


def suspicious_zero(contents: Contents) -> Iterator[Violation]:
    """A whole task at zero in somebody else's submission asks for a look: nothing here shows a working tool chain."""
    results = contents.grouped.value["results"] if contents.grouped else []
    if not any(result["pass@1"] > 0 for result in results):
        return
    for index, result in enumerate(results):
        if result["pass@1"] == 0:
            message = f"{result['task']} is exactly 0 while other tasks are not: a broken tool chain looks like this"
            hint = "execute the task again where the tool chain's self-test passes"
            yield Violation(path=_grouped_path(contents), where=f"$.results[{index}]", message=message, hint=hint)
