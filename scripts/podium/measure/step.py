"""The step `measure`: a model becomes throughput.json; a run does it where podium.toml asks for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from podium import measure
from podium.convert import record_path
from podium.convert.step import NAME as CONVERT
from podium.records import write_record
from podium.run_directory import THROUGHPUT
from podium.step import Step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from podium.measure import Engine, MeasureOptions
    from podium.progress import Progress
    from podium.records import Throughput
    from podium.step import Finished, Inputs, Work

NAME = "measure"


def measure_step(
    options: MeasureOptions, model_dir: Path, engine: Callable[[], Engine], output: Path, report: Progress
) -> Step[Throughput]:
    """A model directory to its throughput."""

    def inputs(finished: Finished) -> Inputs:
        return {"model": finished.outputs_sha256(CONVERT)}

    def do() -> Throughput:
        record = measure.measure(options, engine(), time.perf_counter, report)
        write_record(output, record)
        return record

    return Step(
        name=NAME,
        revision=measure.REVISION,
        inputs=inputs,
        do=do,
        outputs=lambda: (output,),
        after=(CONVERT,),
        reads=(record_path(model_dir),),
    )


def planned_measure(work: Work) -> Step[Throughput]:
    """The run's model/ to its throughput.json."""

    def engine() -> Engine:
        from podium.measure.engine import TransformersEngine

        return TransformersEngine(work.model_dir)

    options = measure.MeasureOptions(model=work.model_name, model_sha256=work.model_sha256)
    return measure_step(options, work.model_dir, engine, work.run_dir / THROUGHPUT, work.report)
