"""The step `score` of a run: verdicts become metrics, grouped JSON and scores.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium import score
from podium.execute.step import step_name as execute_name
from podium.files import read_bytes, sha256_bytes
from podium.profiles import submittable_tasks
from podium.protocol import grouped_name, metrics_name
from podium.run_directory import PLAN, SCORES
from podium.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from podium.step import Finished, Inputs, Work

NAME = "score"
OUTDATED = ("validate", "report")  # their files go with the older scores


def score_step(work: Work) -> Step:
    """Verdicts to metrics, grouped JSON and scores.json; whatever was made from older scores goes away."""

    def inputs(finished: Finished) -> Inputs:
        return {
            "plan": sha256_bytes(read_bytes(work.run_dir / PLAN)),
            "verdicts": [finished.outputs_sha256(execute_name(planned.task)) for planned in work.plan.tasks],
        }

    def do() -> Iterator[Path]:
        score.score(work.run_dir, work.plan)
        yield work.run_dir / SCORES
        if submittable_tasks(work.plan):
            yield work.run_dir / grouped_name(work.plan.release.model)
        for planned in work.plan.tasks:
            yield work.run_dir / metrics_name(planned.task, work.model_name)

    return Step(name=NAME, revision=score.REVISION, inputs=inputs, do=do, outdates=OUTDATED)
