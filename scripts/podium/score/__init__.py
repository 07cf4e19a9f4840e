"""score: verdicts become metrics, the grouped JSON and scores.json, each score with its n and what was left out.

Reads verdicts/<task>.jsonl and plan.json. Writes metrics_<model>/…, <org>_<model>_<user>.json and scores.json; removes
what was made from older scores.
"""

from __future__ import annotations

import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any

from podium.errors import IncompleteError, RecordError, StorageError
from podium.files import canonical_json, sha256_file, write_atomic, write_remedy
from podium.profiles import profile_named
from podium.protocol import PASS_AT, grouped_name, metrics_name, pass_at_k
from podium.records import Scores, TaskScore, Verdict, VerdictsHeader, read_rows, write_record
from podium.run_directory import SCORES, outdated_by, verdicts_path
from podium.score.interval import interval

if TYPE_CHECKING:
    from pathlib import Path

    from podium.records import ModelName, Plan, PlannedTask

REVISION = 2  # raise when the same verdicts would give other files


def score_task(path: Path, problems_in_task: int | None = None) -> tuple[VerdictsHeader, TaskScore]:
    """Aggregate one verdict file. Raises IncompleteError naming missing samples; n never shrinks."""
    header, verdicts = read_rows(path, VerdictsHeader, Verdict)
    seen = {(verdict.problem, verdict.index): verdict for verdict in verdicts}
    wanted = [(problem, index) for problem in header.problems for index in range(header.n_samples)]
    missing = [f"{problem}#{index}" for problem, index in wanted if (problem, index) not in seen]
    if missing:
        message = f"{path} lacks {len(missing)} verdicts: {', '.join(missing[:5])}"
        raise IncompleteError(message, hint="run execute again; it runs only what is missing")
    if len(verdicts) != len(wanted):
        message = f"{path} holds {len(verdicts)} verdicts, {len(wanted)} were expected: some are doubled or foreign"
        raise RecordError(message, hint="delete the file and run execute again")
    correct = Counter(verdict.problem for verdict in verdicts if verdict.outcome == "passed")
    n, problems = header.n_samples, header.problems
    score = TaskScore(
        task=header.task,
        problems=len(problems),
        problems_in_task=problems_in_task or len(problems),
        n_samples=n,
        correct=sum(correct.values()),
        pass_at={
            f"pass@{k}": sum(pass_at_k(n, correct[problem], k) for problem in problems) / len(problems)
            for k in PASS_AT
            if k <= n
        },
        interval=interval([correct[problem] for problem in problems], n),
        outcomes=dict(sorted(Counter(verdict.outcome for verdict in verdicts).items())),
        verdicts_sha256=sha256_file(path),
    )
    return header, score


def metrics_of(scores: list[TaskScore], config: dict[str, Any]) -> bytes:
    """The harness's metrics file: one key a task, and `config`."""
    return canonical_json({**{score.task: score.pass_at for score in scores}, "config": config}, indent=2)


def grouped_of(scores: list[TaskScore], model: ModelName) -> bytes:
    """The board's grouped JSON, results sorted by task so that differences are readable."""
    results = [
        {"task": score.task, "pass@1": score.pass_at["pass@1"]} for score in sorted(scores, key=lambda s: s.task)
    ]
    return canonical_json({"results": results, "meta": {"model": model.hub_id}}, indent=2)


def metrics_config(plan: Plan, task: str) -> dict[str, Any]:
    """How the scores came about, under the harness's names; no path, no host, no secret."""
    limited = next(planned for planned in plan.tasks if planned.task == task)
    whole = len(limited.problems) == limited.problems_in_task
    return {
        "model": plan.release.model.hub_id,
        "revision": plan.release.tag,
        "tasks": task,
        "n_samples": plan.sampling.n_samples,
        "temperature": plan.sampling.temperature,
        "top_p": plan.sampling.top_p,
        "max_length_generation": plan.sampling.max_length,
        "precision": plan.dtype,
        "seed": plan.sampling.seed,
        "limit": None if whole else len(limited.problems),
        "do_sample": plan.sampling.temperature > 0,
        "prefix": "",
        "postprocess": True,
        "mode": plan.mode,
        "backend": plan.backend,
    }


def score(run_dir: Path, plan: Plan) -> Scores:
    """Score every planned task of a run; whatever was made from older scores goes first. Raises IncompleteError."""
    model = plan.release.model
    scores = [_score_planned(run_dir, plan, task) for task in plan.tasks]
    columns = profile_named(plan.profile).problems
    on_board = [task_score for task_score in scores if task_score.task in columns]
    remove_outdated(run_dir)
    for task_score in scores:
        path = run_dir / metrics_name(task_score.task, model.model)
        write_atomic(path, metrics_of([task_score], metrics_config(plan, task_score.task)))
    if on_board:
        write_atomic(run_dir / grouped_name(model), grouped_of(on_board, model))
    else:  # nothing in it has a column on the board
        (run_dir / grouped_name(model)).unlink(missing_ok=True)
    record = Scores(model=model, mode=plan.mode, tasks=scores, left_out=_left_out(plan, columns))
    write_record(run_dir / SCORES, record)
    return record


def _score_planned(run_dir: Path, plan: Plan, task: PlannedTask) -> TaskScore:
    path = verdicts_path(run_dir, task.task)
    header, task_score = score_task(path, task.problems_in_task)
    if header.problems != task.problems or header.n_samples != plan.sampling.n_samples:
        message = f"{path} covers other problems or samples than plan.json"
        raise RecordError(message, hint="run podium run again; it redoes what the plan changed")
    return task_score


def remove_outdated(run_dir: Path) -> None:
    """Remove what was made from older scores, so that nobody sends it. Raises StorageError."""
    try:
        for path in outdated_by("score", run_dir):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    except OSError as err:
        message = f"cannot remove {path}, which was made from older scores: {err.strerror}"
        raise StorageError(message, hint=write_remedy(err, f"remove it yourself: rm -r {path}")) from err


def _left_out(plan: Plan, columns: dict[str, int]) -> list[str]:
    planned = {task.task for task in plan.tasks}
    cut = [
        f"{task.task}: {task.problems_in_task - len(task.problems)} of {task.problems_in_task} problems"
        for task in plan.tasks
        if len(task.problems) < task.problems_in_task
    ]
    extra = [f"{name}: not a column of the board" for name in sorted(planned - set(columns))]
    return cut + [f"{name}: not run" for name in sorted(set(columns) - planned)] + extra
