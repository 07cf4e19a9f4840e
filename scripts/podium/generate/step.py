"""The step `generate TASK`: a model and prompts become samples and, when the task is whole, generations."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from podium import generate
from podium.convert import record_path
from podium.convert.step import NAME as CONVERT
from podium.files import sha256_file
from podium.generate.shards import WHOLE
from podium.protocol import generations_name
from podium.step import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from podium.generate import GenerateOptions
    from podium.generate.backends.seam import Backend
    from podium.progress import Progress
    from podium.records import PlannedTask, SamplesHeader
    from podium.step import Finished, Inputs, StepTask, Work


def step_name(task: str, shard: str = WHOLE) -> str:
    """What the ledger calls it."""
    return f"generate {task}" if shard == WHOLE else f"generate {task} {shard}"


def generate_step(
    options: GenerateOptions, model_dir: Path, task: StepTask, backend: Callable[[], Backend], report: Progress
) -> Step[SamplesHeader]:
    """Model and prompts to samples and generations of one task, or to the samples of one of its shards."""

    def inputs(finished: Finished) -> Inputs:
        return {
            "model": finished.outputs_sha256(CONVERT),
            "data": task.data_sha256,
            "problems": task.problems,
            "sampling": msgspec.to_builtins(options.sampling),
            "backend": options.backend,
            **({"generations": sha256_file(options.replayed)} if options.replayed else {}),
        }

    def do() -> SamplesHeader:
        return generate.generate(options, task.load(), backend(), report)

    def outputs() -> Iterator[Path]:
        yield generate.samples_path(options.run_dir, task.name, options.shard)
        if options.shard == WHOLE:
            yield options.run_dir / generations_name(task.name, options.model_name)

    return Step(
        name=step_name(task.name, options.shard),
        revision=generate.REVISION,
        inputs=inputs,
        do=do,
        outputs=outputs,
        after=(CONVERT,),
        reads=(record_path(model_dir),),
    )


def planned_generate(work: Work, planned: PlannedTask) -> Step[SamplesHeader]:
    """The run's model/ and a planned task to samples and generations."""
    options = generate.GenerateOptions(
        run_dir=work.run_dir,
        model_name=work.model_name,
        model_sha256=work.model_sha256,
        sampling=work.plan.sampling,
        backend=work.plan.backend,
        dtype=work.plan.dtype,
        discard=work.options.discard,
        discarding=work.options.ways.discard,
        replayed=work.replayed(planned),
    )
    build, report = partial(work.backend, planned), work.report_on(planned)
    return generate_step(options, work.model_dir, work.task(planned), build, report)
