"""The step `validate`: all of a run's records so far become findings.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium import validate
from podium.convert.step import NAME as CONVERT
from podium.records import write_record
from podium.run_directory import FINDINGS
from podium.score import remove_outdated
from podium.score.step import NAME as SCORE
from podium.score.step import OUTDATED
from podium.step import Step

if TYPE_CHECKING:
    from pathlib import Path

    from podium.records import Findings
    from podium.step import Finished, Inputs


NAME = "validate"


def validate_step(run_dir: Path) -> Step[Findings]:
    """All records so far to findings.json."""
    path = run_dir / FINDINGS

    def inputs(finished: Finished) -> Inputs:
        return {"scores": finished.outputs_sha256(SCORE), "model": finished.outputs_sha256(CONVERT)}

    def do() -> Findings:
        # What this and the report left before may be broken, and would be found: both are made anew.
        remove_outdated(run_dir)
        found = validate.validate([run_dir])
        write_record(path, found)
        return found

    return Step(
        name=NAME,
        revision=validate.REVISION,
        inputs=inputs,
        do=do,
        outputs=lambda: (path,),
        after=(SCORE, CONVERT),
        outdates=OUTDATED,
    )
