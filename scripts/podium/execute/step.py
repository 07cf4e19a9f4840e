"""The step `execute TASK`: generations become verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium import execute
from podium.execute.provisions.machine import describe_root
from podium.generate.step import step_name as generate_name
from podium.generations import read_generations
from podium.protocol import generations_name
from podium.run_directory import verdicts_path
from podium.step import Step
from podium.tasks import source_of

if TYPE_CHECKING:
    from pathlib import Path

    from podium.execute import ExecuteOptions
    from podium.execute.sandbox import Runner
    from podium.progress import Progress
    from podium.records import PlannedTask, VerdictsHeader
    from podium.step import Finished, Inputs, StepTask, Work


def step_name(task: str) -> str:
    """What the ledger calls it."""
    return f"execute {task}"


def execute_step(
    options: ExecuteOptions,
    task: StepTask,
    generations: Path,
    output: Path,
    sandbox: Runner,
    report: Progress,
    *,
    limit: int | None = None,
) -> Step[VerdictsHeader]:
    """Generations to verdicts of one task; those of another podium are set aside, since no file can tell them."""

    def inputs(finished: Finished) -> Inputs:
        source = source_of(task.name)
        root = sandbox.root_of(source.provisions or source.language)
        return {
            "generations": finished.outputs_sha256(generate_name(task.name)),
            "mode": options.mode,
            "isolated": sandbox.facts().isolated,
            **({"root": describe_root(root)} if root else {}),
        }

    def do() -> VerdictsHeader:
        read = read_generations(generations)
        return execute.execute(options, task.load(), read.rows[:limit], read.sha256, sandbox, output, report)

    return Step(
        name=step_name(task.name),
        revision=execute.REVISION,
        inputs=inputs,
        do=do,
        outputs=lambda: (output,),
        after=(generate_name(task.name),),
        reads=(generations,),
        replaces=(output,),
    )


def planned_execute(work: Work, planned: PlannedTask) -> Step[VerdictsHeader]:
    """The run's generations of a planned task to its verdicts."""
    options = execute.ExecuteOptions(mode=work.plan.mode, workers=work.options.workers)
    generations = work.run_dir / generations_name(planned.task, work.model_name)
    output = verdicts_path(work.run_dir, planned.task)
    report = work.report_on(planned)
    return execute_step(options, work.task(planned), generations, output, work.tools.sandbox, report)
