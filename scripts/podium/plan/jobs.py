"""The jobs of the distributed run: a task is drawn in shards and executed as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.generate.shards import part_of
from podium.plan.costs import read_costs
from podium.plan.shards import hours_of, shard_names, shards_of, tokens_per_second
from podium.records import PlannedJob

if TYPE_CHECKING:
    from podium.config import Config
    from podium.records import FileDigest, PlannedTask, Sampling


def jobs_of(
    tasks: list[PlannedTask], sampling: Sampling, config: Config, checkpoint: list[FileDigest], parameters: int
) -> list[PlannedJob]:
    """Every job, with what it will cost."""
    runners, costs = config.runners, read_costs()
    rate = tokens_per_second(runners.generate, runners.tokens_per_second)
    samples = {task.task: len(task.problems) * sampling.n_samples for task in tasks}
    hours = {
        name: hours_of(count, sampling, config.evaluation.backend, rate, checkpoint) for name, count in samples.items()
    }
    counts = shards_of({task.task: len(task.problems) for task in tasks}, hours)
    jobs = [PlannedJob(stage="convert", runs_on=runners.convert)]
    for task in tasks:
        for shard in shard_names(counts[task.task]):
            drawn = len(part_of(task.problems, shard)) * sampling.n_samples
            jobs.append(
                PlannedJob(
                    stage="generate",
                    task=task.task,
                    shard=shard,
                    runs_on=runners.generate,
                    samples=drawn,
                    cpu_seconds=costs.seconds("generate", task.language, drawn, parameters),
                )
            )
        jobs.append(
            PlannedJob(
                stage="execute",
                task=task.task,
                runs_on=runners.execute,
                samples=samples[task.task],
                cpu_seconds=costs.seconds("execute", task.language, samples[task.task], parameters),
                root=_root(task.language, config),
            )
        )
    if config.evaluation.measure:
        jobs.append(PlannedJob(stage="measure", runs_on=runners.measure or runners.generate))
    return jobs


def _root(language: str, config: Config) -> str:
    folder = config.toolchains.roots.get(language)
    return f"{language}={folder}" if folder else ""
