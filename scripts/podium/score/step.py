"""The step `score`: a run's verdicts become metrics, grouped JSON and scores.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium import score
from podium.execute.step import step_name as execute_name
from podium.files import read_bytes, sha256_bytes
from podium.profiles import submittable_tasks
from podium.protocol import grouped_name, metrics_name
from podium.run_directory import PLAN, SCORES, verdicts_path
from podium.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from podium.records import Plan, Scores
    from podium.step import Finished, Inputs

NAME = "score"
OUTDATED = ("validate", "report")  # their files go with the older scores


def score_step(run_dir: Path, plan: Plan) -> Step[Scores]:
    """Verdicts to metrics, grouped JSON and scores.json; whatever was made from older scores goes away."""
    tasks = [planned.task for planned in plan.tasks]

    def inputs(finished: Finished) -> Inputs:
        return {
            "plan": sha256_bytes(read_bytes(run_dir / PLAN)),
            "verdicts": [finished.outputs_sha256(execute_name(task)) for task in tasks],
        }

    def outputs() -> Iterator[Path]:
        yield run_dir / SCORES
        if submittable_tasks(plan):
            yield run_dir / grouped_name(plan.release.model)
        for task in tasks:
            yield run_dir / metrics_name(task, plan.release.model.model)

    return Step(
        name=NAME,
        revision=score.REVISION,
        inputs=inputs,
        do=lambda: score.score(run_dir, plan),
        outputs=outputs,
        after=tuple(map(execute_name, tasks)),
        reads=tuple(verdicts_path(run_dir, task) for task in tasks),
        outdates=OUTDATED,
    )
