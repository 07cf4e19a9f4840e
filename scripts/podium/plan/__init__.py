"""plan: everything a run will do, decided before any hour is spent, and the GitHub matrix made from it.

Reads podium.toml, the tasks' data and the checkpoint's files. Writes plan.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from podium import __version__
from podium.convert import digest_checkpoint
from podium.convert.containers import open_container
from podium.convert.hypotheses import parse_assumptions
from podium.errors import CheckpointError, UnknownNameError, UsageError
from podium.execute.languages import LANGUAGES
from podium.execute.provisions import provisions_named
from podium.generate.backends.seam import BACKENDS
from podium.names import check_name
from podium.plan.costs import read_costs
from podium.plan.jobs import jobs_of
from podium.profiles import profile_named, shortfalls
from podium.records import Conversion, Plan, PlannedTask, Release
from podium.tasks import known_tasks, load_task

if TYPE_CHECKING:
    from podium.config import Config
    from podium.execute.provisions import Provisions

TRYOUT_TAG = "tryout"


class PlanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was asked for. An empty tag is a tryout: it is evaluated, and never submitted.

    `checkpoint` is on this machine; `source` is the address that it came from, and `base_source` that of the base.
    """

    tag: str = ""
    commit: str = ""
    tag_check: str = ""
    workflow_run: str = ""
    checkpoint: Path
    source: str = ""
    base: Path | None = None
    base_source: str = ""
    data_dir: Path | None = None
    tasks: tuple[str, ...] = ()
    limit: int | None = None
    n_samples: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse tags that cannot be a folder name and limits that leave nothing."""
        if self.tag.startswith((".", "-", "/")) or ".." in self.tag or any(ord(char) < ord("!") for char in self.tag):
            message = f"tag {self.tag!r} is not a tag name"
            raise UsageError(message, hint="pass a git tag such as v1.0.0")


def plan(options: PlanOptions, config: Config) -> Plan:
    """Decide the whole run. Raises CheckpointError, TaskDataError, UnknownNameError."""
    profile = profile_named(config.evaluation.profile)
    check_name("backend", config.evaluation.backend, BACKENDS)
    names = options.tasks or tuple(config.evaluation.tasks) or tuple(sorted(profile.problems))
    parse_assumptions(config.model.assume)
    parameters = _count_parameters(options.checkpoint)
    _check_tasks(names)
    sampling = msgspec.structs.replace(
        profile.sampling,
        n_samples=options.n_samples or config.evaluation.n_samples or profile.sampling.n_samples,
        seed=options.seed,
    )
    tasks = [_plan_task(name, options) for name in dict.fromkeys(names)]
    partial = shortfalls({task.task: len(task.problems) for task in tasks}, sampling, profile)
    if not options.tag:
        partial.insert(0, "it was run without a release tag")
    checkpoint = digest_checkpoint(options.checkpoint)
    return Plan(
        release=Release(tag=options.tag or TRYOUT_TAG, commit=options.commit, model=config.model_name),
        tag_check=options.tag_check,
        workflow_run=options.workflow_run,
        profile=profile.name,
        checkpoint=checkpoint,
        source=options.source,
        sampling=sampling,
        backend=config.evaluation.backend,
        dtype=config.model.dtype,
        conversion=Conversion(
            assume=config.model.assume,
            base=options.base_source or (str(options.base) if options.base else ""),
            base_sha256=config.model.base_sha256,
        ),
        mode="parity",
        tasks=tasks,
        jobs=jobs_of(tasks, sampling, config, checkpoint, parameters),
        disk_bytes=read_costs().disk_bytes(sampling.n_samples * sum(len(task.problems) for task in tasks), parameters),
        partial=partial,
        podium=__version__,
    )


def _count_parameters(checkpoint: Path) -> int:
    """How many values the weights have, by their labels, if `convert` reads their kind. Raises CheckpointError."""
    try:
        return sum(tensor.elements for tensor in open_container(checkpoint).tensors.values())
    except CheckpointError as err:
        if checkpoint.exists():
            raise
        hint = "fetch the release's checkpoint, or name another folder with --checkpoint"
        raise CheckpointError(str(err), hint=hint) from err


def _check_tasks(names: tuple[str, ...]) -> None:
    """Refuse what could not be finished, before any of it is begun."""
    sources = known_tasks()
    for name in names:
        check_name("task", name, sources)
    strange = [name for name in names if sources[name].language not in LANGUAGES]
    if strange:
        able = sorted(name for name, source in sources.items() if source.language in LANGUAGES)
        message = f"no executor for the programs of {', '.join(strange)}"
        raise UnknownNameError(message, hint=f"choose with --tasks among: {', '.join(able)}")


def provisions_of(record: Plan) -> list[Provisions]:
    """The lists of what the planned tasks' programs may use, each once."""
    sources = known_tasks()
    names = [sources[task.task].provisions or task.language for task in record.tasks]
    return [provisions_named(name) for name in dict.fromkeys(names)]


def _plan_task(name: str, options: PlanOptions) -> PlannedTask:
    task = load_task(name, options.data_dir, options.limit)
    return PlannedTask(
        task=name,
        language=task.language,
        data_sha256=task.data_sha256,
        problems=[problem.id for problem in task.problems],
        problems_in_task=task.problems_in_task,
    )
