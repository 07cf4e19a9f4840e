"""The step `measure` of a run, where podium.toml asks for it: model/ becomes throughput.json."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from podium import measure
from podium.records import Model, read_record, write_record
from podium.run_directory import MODEL, THROUGHPUT
from podium.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from podium.step import Finished, Inputs, Work

NAME = "measure"


def measure_step(work: Work) -> Step:
    """model/ to throughput.json."""

    def inputs(finished: Finished) -> Inputs:
        return {"model": finished.outputs_sha256("convert")}

    def do() -> Iterator[Path]:
        from podium.measure.engine import TransformersEngine

        record = read_record(work.run_dir / MODEL, Model)
        options = measure.MeasureOptions(model=work.model_name, model_sha256=record.sha256)
        engine = TransformersEngine(work.model_dir)
        write_record(work.run_dir / THROUGHPUT, measure.measure(options, engine, time.perf_counter, work.report))
        yield work.run_dir / THROUGHPUT

    return Step(name=NAME, revision=measure.REVISION, inputs=inputs, do=do)
