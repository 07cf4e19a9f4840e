"""`podium run`: every stage in one process on one run directory, each step skipped when the ledger knows it is done.

Reads podium.toml, a checkpoint and task data. Writes runs/<tag>/.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from podium import convert, execute, generate, plan, report, score, validate
from podium.convert.adapter import Base
from podium.errors import RecordError
from podium.execute.provisions.checks import look_at_all
from podium.files import move_aside, parse_json, read_bytes, sha256_bytes, sha256_file
from podium.ledger import Ledger
from podium.plan import standing
from podium.plan.standing import Ways
from podium.protocol import generations_name, grouped_name, metrics_name, submittable_tasks
from podium.records import Model, Plan, PlannedTask, digest_of_files, read_record, write_record
from podium.run_directory import (
    BODY,
    CROSSCHECK,
    FINDINGS,
    GATES,
    MODEL,
    MODEL_FOLDER,
    PAGE,
    PLAN,
    PLOT,
    SCORES,
    SUBMISSION,
    SUBMISSION_FOLDER,
    verdicts_path,
)
from podium.tasks import load_task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from podium.config import Config
    from podium.execute.sandbox import Runner
    from podium.generate.backend import Backend
    from podium.progress import Report
    from podium.tasks import Task

REVISIONS = {
    "convert": convert.REVISION,
    "generate": generate.REVISION,
    "execute": execute.REVISION,
    "score": score.REVISION,
    "validate": validate.REVISION,
    "report": report.REVISION,
}


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """One run: what is planned, where it goes, and how many programs run at once (None: chosen by the machine).

    Samples of other work in `run_dir` are moved aside with `discard`; without it `ways` tell what can be done.
    """

    plan: plan.PlanOptions
    run_dir: Path
    workers: int | None = None
    discard: bool = False
    ways: Ways = Ways()


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """The effects a run needs, handed in: how to build a backend (name, model, dtype) and where programs run."""

    build_backend: Callable[[str, Path, str], Backend]
    sandbox: Runner


class Run:
    """One run directory with its plan; each method is a step, and does nothing when the ledger knows it is done."""

    def __init__(self, options: RunOptions, record: Plan, tools: Tools, ledger: Ledger, progress: Report) -> None:
        self.options, self.plan, self.tools, self.ledger, self.progress = options, record, tools, ledger, progress
        self.run_dir, self.model_dir = options.run_dir, options.run_dir / MODEL_FOLDER
        self.model_name = record.release.model.model
        self._backend: Backend | None = None
        self._is_checked = False

    def convert(self) -> None:
        """Checkpoint to model/ and model.json."""
        stated = self.plan.conversion
        inputs = {
            "checkpoint": digest_of_files(self.plan.checkpoint),
            "dtype": self.plan.dtype,
            "assume": stated.assume,
            "base": stated.base_sha256,
        }

        def action() -> Iterator[Path]:
            self._check_machine()
            if self._keeps_model():
                yield from self._model_files()
                return
            base = self.options.plan.base
            options = convert.ConvertOptions(
                checkpoint=self.options.plan.checkpoint,
                output=self.model_dir,
                dtype=self.plan.dtype,
                assume=stated.assume,
                base=Base(checkpoint=base, sha256=stated.base_sha256) if base else None,
            )
            convert.convert(options, self.progress, self._prompts())
            yield from self._model_files()

        self._step("convert", "convert", inputs, action)

    def _model_files(self) -> Iterator[Path]:
        yield from sorted(self.model_dir.iterdir())
        yield convert.record_path(self.model_dir)

    def _keeps_model(self) -> bool:
        """Whether an untouched model that samples were drawn from is here: another one would cost them."""
        if not standing.is_drawn_from(self.run_dir, self.plan):
            return False
        record = read_record(self.run_dir / MODEL, Model)
        is_untouched = self.model_dir.is_dir() and convert.digest_folder(self.model_dir) == record.files
        if is_untouched:
            self.progress.note("convert: the model is kept, since samples were drawn from it")
        return is_untouched

    def generate(self, planned: PlannedTask) -> None:
        """model/ and prompts to samples and generations of one task."""
        inputs = {
            "model": self.ledger.outputs_sha256("convert"),
            "data": planned.data_sha256,
            "problems": planned.problems,
            "sampling": msgspec.to_builtins(self.plan.sampling),
            "backend": self.plan.backend,
        }

        def action() -> Iterator[Path]:
            self._check_machine()
            options = generate.GenerateOptions(
                run_dir=self.run_dir,
                model_name=self.model_name,
                model_sha256=read_record(self.run_dir / MODEL, Model).sha256,
                sampling=self.plan.sampling,
                backend=self.plan.backend,
                dtype=self.plan.dtype,
                discard=self.options.discard,
                discarding=self.options.ways.discard,
            )
            generate.generate(options, self._task(planned), self._build_backend(), self.progress)
            yield generate.samples_path(self.run_dir, planned.task)
            yield self.run_dir / generations_name(planned.task, self.model_name)

        self._step(f"generate {planned.task}", "generate", inputs, action)

    def execute(self, planned: PlannedTask) -> None:
        """Generations to verdicts of one task."""
        name = f"execute {planned.task}"
        inputs = {
            "generations": self.ledger.outputs_sha256(f"generate {planned.task}"),
            "mode": self.plan.mode,
            "isolated": self.tools.sandbox.facts().isolated,
        }

        def action() -> Iterator[Path]:
            path = self.run_dir / generations_name(planned.task, self.model_name)
            data = read_bytes(path)
            options = execute.ExecuteOptions(mode=self.plan.mode, workers=self.options.workers)
            output = verdicts_path(self.run_dir, planned.task)
            self._set_aside(name, self._all_inputs("execute", inputs), output)
            execute.execute(
                options,
                self._task(planned),
                parse_json(data, str(path)),
                sha256_bytes(data),
                self.tools.sandbox,
                output,
                self.progress,
            )
            yield output

        self._step(name, "execute", inputs, action)

    def score(self) -> None:
        """Verdicts to metrics, grouped JSON and scores.json; whatever was made from older scores goes away."""
        inputs = {
            "plan": sha256_bytes(read_bytes(self.run_dir / PLAN)),
            "verdicts": [self.ledger.outputs_sha256(f"execute {planned.task}") for planned in self.plan.tasks],
        }

        def action() -> Iterator[Path]:
            self.ledger.forget("validate", "report")
            score.score(self.run_dir, self.plan)
            yield self.run_dir / SCORES
            if submittable_tasks(self.plan):
                yield self.run_dir / grouped_name(self.plan.release.model)
            for planned in self.plan.tasks:
                yield self.run_dir / metrics_name(planned.task, self.model_name)

        self._step("score", "score", inputs, action)

    def validate(self) -> None:
        """All records so far to findings.json."""
        inputs = {"scores": self.ledger.outputs_sha256("score"), "model": self.ledger.outputs_sha256("convert")}

        def action() -> Iterator[Path]:
            path = self.run_dir / FINDINGS
            write_record(path, validate.validate([self.run_dir]))
            yield path

        self._step("validate", "validate", inputs, action)

    def report(self) -> None:
        """All records to gates.json, the page, the submission folder and the pull request body."""
        crosscheck = self.run_dir / CROSSCHECK
        inputs = {
            "findings": self.ledger.outputs_sha256("validate"),
            "scores": self.ledger.outputs_sha256("score"),
            "crosscheck": sha256_file(crosscheck) if crosscheck.exists() else "",
        }

        def action() -> Iterator[Path]:
            submission = report.report(self.run_dir)
            yield from (self.run_dir / name for name in (GATES, PAGE, PLOT))
            if submission is not None:
                yield from (self.run_dir / name for name in (BODY, SUBMISSION))
                folder = self.run_dir / SUBMISSION_FOLDER / submission.folder
                yield from (folder / file.path for file in submission.files)

        self._step("report", "report", inputs, action)

    def _step(self, name: str, stage: str, inputs: Mapping[str, object], action: Callable[[], Iterator[Path]]) -> None:
        self.ledger.step(name, self._all_inputs(stage, inputs), action)

    def _all_inputs(self, stage: str, inputs: Mapping[str, object]) -> dict[str, object]:
        return {**inputs, "revision": REVISIONS[stage], "podium": self.plan.podium}

    def _set_aside(self, name: str, inputs: dict[str, object], output: Path) -> None:
        """Take over no verdict of another podium; what it writes into the file alone cannot tell."""
        if not self.ledger.has_other_inputs(name, inputs):
            return
        if output.exists():
            aside = move_aside(output, "stale")
            self.progress.note(f"{name}: judged anew; the earlier verdicts are {aside.name}")
        # Forgotten last: killed before, this is done again; killed later, the new verdicts are continued.
        self.ledger.forget(name)

    def _check_machine(self) -> None:
        """Before hours of work, once: everything that the tasks' programs may use is here. Raises SandboxError."""
        if not self._is_checked:
            look_at_all(plan.provisions_of(self.plan), self.tools.sandbox)
        self._is_checked = True

    def _prompts(self) -> list[str]:
        """Every prompt of the run: the converted tokenizer must give each of them back."""
        return [problem.prompt for planned in self.plan.tasks for problem in self._task(planned).problems]

    def _task(self, planned: PlannedTask) -> Task:
        task = load_task(planned.task, self.options.plan.data_dir, self.options.plan.limit)
        if task.data_sha256 != planned.data_sha256:
            message = f"the data of {planned.task} changed since plan.json was written"
            raise RecordError(message, hint="run podium run again")
        return task

    def _build_backend(self) -> Backend:
        """Load the model once, and only if some task still needs it."""
        if self._backend is None:
            self._backend = self.tools.build_backend(self.plan.backend, self.model_dir, self.plan.dtype)
        return self._backend


def _write_plan(run_dir: Path, record: Plan) -> None:
    """Write plan.json, unless it says the same already: a run with nothing to do touches nothing.

    What was made for another plan goes first: it must not be sent in the name of this one.
    """
    try:
        if read_record(run_dir / PLAN, Plan) == record:
            return
    except RecordError:
        pass  # missing or broken: it is written anew from its inputs
    score.remove_outdated(run_dir)
    write_record(run_dir / PLAN, record)


def run(
    options: RunOptions, config: Config, tools: Tools, progress: Report, record: Plan | None = None
) -> tuple[Plan, int]:
    """Do every step that is missing or changed; returns the plan and how many steps were done.

    `record` is the plan where it was made already. Raises OtherWorkError before what samples depend on changes.
    """
    record = record or plan.plan(options.plan, config)
    # Before the plan is written: killed in between, the next run finds the same to decide.
    standing.clear(options.run_dir, record, options.ways, progress, discard=options.discard)
    _write_plan(options.run_dir, record)
    # Asked before hours of generation, not after: this raises where programs could not be isolated.
    tools.sandbox.facts()
    ledger = Ledger(options.run_dir, progress)
    work = Run(options, record, tools, ledger, progress)
    work.convert()
    for planned in record.tasks:
        work.generate(planned)
        work.execute(planned)
    work.score()
    work.validate()
    work.report()
    return record, ledger.done
