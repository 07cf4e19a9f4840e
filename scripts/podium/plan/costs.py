"""What a plan costs: CPU time by job and disk space, from a table of what was measured.

Reads costs.toml beside this file. An estimate for whoever decides whether to begin; nothing else depends on it.
"""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from podium.records import Plan

HOUR = 3600.0
GIGABYTE = 1e9
CORES = 2
TOTALS = 2  # lines that are of the whole run
STAGES = ("generate", "execute")


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class GenerationCost(_Part, frozen=True, kw_only=True):
    """A sample's new tokens in the mean, and the CPU seconds of one for each 10^9 parameters."""

    tokens: float
    seconds: float


class DiskCost(_Part, frozen=True, kw_only=True):
    """Bytes of a sample with its generation, of a verdict, and of one of the model's parameters."""

    sample: int
    verdict: int
    parameter: int


class Costs(_Part, frozen=True, kw_only=True):
    """The whole table. `execute` has the CPU seconds of one program by language."""

    execute: dict[str, float]
    generate: GenerationCost
    disk: DiskCost

    def seconds(self, stage: str, language: str, samples: int, parameters: int) -> float:
        """CPU seconds of one job, were all its programs distinct."""
        if stage == "execute":
            return round(samples * self.execute[language], 1)
        if stage == "generate":
            return round(samples * self.generate.tokens * self.generate.seconds * parameters / 1e9, 1)
        return 0.0

    def disk_bytes(self, samples: int, parameters: int) -> int:
        """Of the model and a whole run."""
        return parameters * self.disk.parameter + samples * (self.disk.sample + self.disk.verdict)


@functools.cache
def read_costs() -> Costs:
    """The table in the repository."""
    text = resources.files(__package__).joinpath("costs.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Costs)


def tell_costs(plan: Plan) -> list[str]:
    """What the whole run comes to, as lines for people; then each language's share of the executing."""
    samples = sum(job.samples for job in plan.jobs if job.stage == "generate")
    hours = {stage: sum(job.cpu_seconds for job in plan.jobs if job.stage == stage) / HOUR for stage in STAGES}
    problems = sum(len(task.problems) for task in plan.tasks)
    gigabytes = plan.disk_bytes / GIGABYTE
    lines = [
        f"{len(plan.jobs)} jobs, {samples:,} samples of {problems:,} problems, about {gigabytes:,.2f} GB of disk",
        f"about {hours['generate']:,.1f} CPU hours to generate and {hours['execute']:,.1f} to execute, less where "
        f"programs are equal: {sum(hours.values()) / CORES:,.1f} hours on {CORES} cores",
    ]
    return lines + [
        f"{job.stage} {job.task}: {job.samples:,} samples, about {job.cpu_seconds / HOUR:,.2f} CPU hours"
        for job in plan.jobs
        if job.stage == "execute"
    ]
