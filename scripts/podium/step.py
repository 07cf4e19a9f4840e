"""A step: what it is made from, what it leaves, and how it is done. Each stage's package declares its own.

`pipeline` is the list of a run's steps, and a stage's own command does the very same step alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import msgspec

from podium.errors import RecordError
from podium.execute.provisions.checks import look_at_all
from podium.generations import file_of
from podium.plan import PlanOptions, provisions_of
from podium.plan.standing import Ways
from podium.progress import Numbered
from podium.records import Model, read_record
from podium.run_directory import MODEL, MODEL_FOLDER
from podium.tasks import Task, load_task

if TYPE_CHECKING:
    from podium.execute.sandbox import Runner
    from podium.generate.backends.seam import Backend
    from podium.progress import Progress
    from podium.records import Plan, PlannedTask

Inputs = dict[str, object]
T = TypeVar("T")


class Finished(Protocol):
    """The steps that are done."""

    def outputs_sha256(self, name: str) -> str:
        """One digest over what a finished step left."""


class Step(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One step. `inputs` is asked when the steps `after` which it comes are finished; `do` gives the stage's record.

    `outputs` are the files that it leaves, as far as it was done. `reads` are files that steps before it made.
    `outdates` are steps whose outputs go when this one is done. What lies at `replaces` was made from other inputs when
    the step was finished from others before, and is set aside.
    """

    name: str
    revision: int
    inputs: Callable[[Finished], Inputs]
    do: Callable[[], T]
    outputs: Callable[[], Iterable[Path]]
    after: tuple[str, ...] = ()
    reads: tuple[Path, ...] = ()
    outdates: tuple[str, ...] = ()
    replaces: tuple[Path, ...] = ()


class StepTask(msgspec.Struct, frozen=True, kw_only=True):
    """The task of a step; its data is loaded when there is something to do."""

    name: str
    data_sha256: str
    problems: list[str]
    load: Callable[[], Task]


def task_at_hand(task: Task) -> StepTask:
    """A task that is loaded already."""
    problems = [problem.id for problem in task.problems]
    return StepTask(name=task.name, data_sha256=task.data_sha256, problems=problems, load=lambda: task)


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """One run: what is planned, where it goes, and how many programs run at once (None: chosen by the machine).

    `generations` is the folder that backend replay takes the samples from, a file a task.
    Samples of other work in `run_dir` are moved aside with `discard`; without it `ways` tell what can be done.
    """

    plan: PlanOptions
    run_dir: Path
    workers: int | None = None
    generations: Path | None = None
    discard: bool = False
    ways: Ways = Ways()


class BuildBackend(Protocol):
    """How to build a backend by its name; `generations` is the file that backend replay reads."""

    def __call__(self, name: str, model_dir: Path, dtype: str, *, generations: Path | None = None) -> Backend:
        """Load the model, or what stands in for it. Raises UnknownNameError, UsageError, BackendError."""


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """The effects a run needs, handed in: how to build a backend and where programs run."""

    build_backend: BuildBackend
    sandbox: Runner


@dataclass
class Work:
    """One run directory with its plan: what every step of a run is given."""

    options: RunOptions
    plan: Plan
    tools: Tools
    report: Progress
    _backends: list[Backend] = field(default_factory=list)
    _is_machine_checked: bool = False

    @property
    def run_dir(self) -> Path:
        """Where everything goes."""
        return self.options.run_dir

    @property
    def model_dir(self) -> Path:
        """The converted model."""
        return self.run_dir / MODEL_FOLDER

    @property
    def model_name(self) -> str:
        """The model's name in file names."""
        return self.plan.release.model.model

    @cached_property
    def model_sha256(self) -> str:
        """Digest of the converted model, once it is converted. Raises RecordError."""
        return read_record(self.run_dir / MODEL, Model).sha256

    def report_on(self, planned: PlannedTask) -> Progress:
        """Progress that says which of the planned tasks this is."""
        return Numbered(self.report, self.plan.tasks.index(planned) + 1, len(self.plan.tasks))

    def task(self, planned: PlannedTask) -> StepTask:
        """A planned task. Loading it raises RecordError where its data is not the planned one."""
        return StepTask(
            name=planned.task,
            data_sha256=planned.data_sha256,
            problems=planned.problems,
            load=partial(self._load, planned),
        )

    def _load(self, planned: PlannedTask) -> Task:
        task = load_task(planned.task, self.options.plan.data_dir, self.options.plan.limit)
        if task.data_sha256 != planned.data_sha256:
            message = f"the data of {planned.task} changed since plan.json was written"
            raise RecordError(message, hint="run podium run again")
        return task

    def check_machine(self) -> None:
        """Before hours of work, once: everything that the tasks' programs may use is here. Raises SandboxError."""
        if not self._is_machine_checked:
            look_at_all(provisions_of(self.plan), self.tools.sandbox)
        self._is_machine_checked = True

    def replayed(self, planned: PlannedTask) -> Path | None:
        """The file that the samples of a task are taken from, or None where they are drawn. Raises UsageError."""
        return self.options.generations and file_of(self.options.generations, planned.task)

    def backend(self, planned: PlannedTask) -> Backend:
        """Load the model once, and only if some task still needs it and its programs can be judged here.

        A file to replay is of one task alone.
        """
        self.check_machine()
        build = self.tools.build_backend
        if generations := self.replayed(planned):
            return build(self.plan.backend, self.model_dir, self.plan.dtype, generations=generations)
        if not self._backends:
            self._backends.append(build(self.plan.backend, self.model_dir, self.plan.dtype))
        return self._backends[0]
