"""The step `validate` of a run: all records so far become findings.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium import validate
from podium.records import write_record
from podium.run_directory import FINDINGS
from podium.score import remove_outdated
from podium.score.step import OUTDATED
from podium.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from podium.step import Finished, Inputs, Work


def validate_step(work: Work) -> Step:
    """All records so far to findings.json."""

    def inputs(finished: Finished) -> Inputs:
        return {"scores": finished.outputs_sha256("score"), "model": finished.outputs_sha256("convert")}

    def do() -> Iterator[Path]:
        path = work.run_dir / FINDINGS
        # What this and the report left before may be broken, and would be found: both are made anew.
        remove_outdated(work.run_dir)
        write_record(path, validate.validate([work.run_dir]))
        yield path

    return Step(name="validate", revision=validate.REVISION, inputs=inputs, do=do, outdates=OUTDATED)
