"""The step `generate TASK` of a run: model/ and prompts become samples and generations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium import generate
from podium.files import sha256_file
from podium.protocol import generations_name
from podium.records import Model, read_record
from podium.run_directory import MODEL
from podium.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from podium.records import PlannedTask
    from podium.step import Finished, Inputs, Work


def step_name(task: str) -> str:
    """What the ledger calls it."""
    return f"generate {task}"


def generate_step(work: Work, planned: PlannedTask) -> Step:
    """model/ and prompts to samples and generations of one task."""

    def inputs(finished: Finished) -> Inputs:
        replayed = work.replayed(planned)
        return {
            "model": finished.outputs_sha256("convert"),
            "data": planned.data_sha256,
            "problems": planned.problems,
            "sampling": msgspec.to_builtins(work.plan.sampling),
            "backend": work.plan.backend,
            **({"generations": sha256_file(replayed)} if replayed else {}),
        }

    def do() -> Iterator[Path]:
        work.check_machine()
        options = generate.GenerateOptions(
            run_dir=work.run_dir,
            model_name=work.model_name,
            model_sha256=read_record(work.run_dir / MODEL, Model).sha256,
            sampling=work.plan.sampling,
            backend=work.plan.backend,
            dtype=work.plan.dtype,
            discard=work.options.discard,
            discarding=work.options.ways.discard,
        )
        generate.generate(options, work.task(planned), work.backend(planned), work.report)
        yield generate.samples_path(work.run_dir, planned.task)
        yield work.run_dir / generations_name(planned.task, work.model_name)

    return Step(name=step_name(planned.task), revision=generate.REVISION, inputs=inputs, do=do)
