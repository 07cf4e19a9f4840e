"""The step `execute TASK` of a run: generations become verdicts."""

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
    from collections.abc import Iterator
    from pathlib import Path

    from podium.records import PlannedTask
    from podium.step import Finished, Inputs, Work


def step_name(task: str) -> str:
    """What the ledger calls it."""
    return f"execute {task}"


def execute_step(work: Work, planned: PlannedTask) -> Step:
    """Generations to verdicts of one task; those of another podium are set aside, since no file can tell them."""
    output = verdicts_path(work.run_dir, planned.task)

    def inputs(finished: Finished) -> Inputs:
        root = work.tools.sandbox.root_of(source_of(planned.task).provisions or planned.language)
        return {
            "generations": finished.outputs_sha256(generate_name(planned.task)),
            "mode": work.plan.mode,
            "isolated": work.tools.sandbox.facts().isolated,
            **({"root": describe_root(root)} if root else {}),
        }

    def do() -> Iterator[Path]:
        read = read_generations(work.run_dir / generations_name(planned.task, work.model_name))
        options = execute.ExecuteOptions(mode=work.plan.mode, workers=work.options.workers)
        task, sandbox = work.task(planned), work.tools.sandbox
        execute.execute(options, task, read.rows, read.sha256, sandbox, output, work.report)
        yield output

    return Step(name=step_name(planned.task), revision=execute.REVISION, inputs=inputs, do=do, replaces=(output,))
