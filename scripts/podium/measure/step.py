"""The step `measure` of a run, where podium.toml asks for it: model/ becomes throughput.json."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from podium import measure
from podium.convert.step import NAME as CONVERT
from podium.records import write_record
from podium.run_directory import MODEL, THROUGHPUT
from podium.step import Step

if TYPE_CHECKING:
    from podium.records import Throughput
    from podium.step import Finished, Inputs, Work

NAME = "measure"


def planned_measure(work: Work) -> Step[Throughput]:
    """The run's model/ to throughput.json."""
    path = work.run_dir / THROUGHPUT

    def inputs(finished: Finished) -> Inputs:
        return {"model": finished.outputs_sha256(CONVERT)}

    def do() -> Throughput:
        from podium.measure.engine import TransformersEngine

        options = measure.MeasureOptions(model=work.model_name, model_sha256=work.model_sha256)
        record = measure.measure(options, TransformersEngine(work.model_dir), time.perf_counter, work.report)
        write_record(path, record)
        return record

    return Step(
        name=NAME,
        revision=measure.REVISION,
        inputs=inputs,
        do=do,
        outputs=lambda: (path,),
        after=(CONVERT,),
        reads=(work.run_dir / MODEL,),
    )
