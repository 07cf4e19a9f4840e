"""What the jobs of a workflow need of a plan, as one JSON: labels, and one part a task with its shards.

A workflow hands it on whole; a task's part is text again, since a matrix of one workflow becomes an input of another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from podium.files import canonical_json

if TYPE_CHECKING:
    from podium.records import Plan, PlannedTask


def facts_of(plan: Plan, upload: str = "") -> dict[str, Any]:
    """Everything beside plan.json itself that the workflows read; `upload` is where the model goes on the Hub."""
    return {
        "upload": upload,
        "tag": plan.release.tag,
        "commit": plan.release.commit,
        "model": plan.release.model.model,
        "convert": _labels(plan, "convert"),
        "measure": _labels(plan, "measure"),
        "measured": bool(_labels(plan, "measure")),
        "tasks": {
            "include": [
                {
                    "task": task.task,
                    "execute": _labels(plan, "execute", task.task),
                    "root": _root(plan, task.task),
                    "plan": canonical_json(task_facts(plan, task)).decode(),
                }
                for task in plan.tasks
            ]
        },
    }


def task_facts(plan: Plan, task: PlannedTask) -> dict[str, Any]:
    """What the jobs of one task need; every value is text, empty where the command's own default holds."""
    shards = [job.shard for job in plan.jobs if job.stage == "generate" and job.task == task.task]
    return {
        "model": plan.release.model.model,
        "backend": plan.backend,
        "dtype": plan.dtype,
        "samples": str(plan.sampling.n_samples),
        "seed": str(plan.sampling.seed),
        "limit": str(len(task.problems)) if len(task.problems) < task.problems_in_task else "",
        "generate": _labels(plan, "generate", task.task),
        "execute": _labels(plan, "execute", task.task),
        "root": _root(plan, task.task),
        "shards": [{"shard": shard, "part": shard.replace("/", "-of-")} for shard in shards],
    }


def _labels(plan: Plan, stage: str, task: str = "") -> list[str]:
    return next((job.runs_on for job in plan.jobs if job.stage == stage and job.task == task), [])


def _root(plan: Plan, task: str) -> str:
    return next((job.root for job in plan.jobs if job.stage == "execute" and job.task == task), "")
