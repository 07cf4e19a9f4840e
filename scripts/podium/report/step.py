"""The step `report`: all of a run's records become gates.json, the page, the submission and its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium import report
from podium.errors import RecordError
from podium.files import sha256_file
from podium.records import Submission, read_record
from podium.report.plots import PLOTS
from podium.run_directory import BODY, CROSSCHECK, GATES, PAGE, SUBMISSION, SUBMISSION_FOLDER, plot_path
from podium.score.step import NAME as SCORE
from podium.step import Step
from podium.validate.step import NAME as VALIDATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from podium.step import Finished, Inputs


NAME = "report"


def report_step(run_dir: Path) -> Step[Submission | None]:
    """All records to gates.json, the page, the submission folder and the pull request body."""
    crosscheck = run_dir / CROSSCHECK

    def inputs(finished: Finished) -> Inputs:
        return {
            "findings": finished.outputs_sha256(VALIDATE),
            "scores": finished.outputs_sha256(SCORE),
            "crosscheck": sha256_file(crosscheck) if crosscheck.exists() else "",
        }

    def outputs() -> Iterator[Path]:
        yield from (run_dir / name for name in (GATES, PAGE))
        yield from (plot_path(run_dir, name) for name in PLOTS)
        if submission := _submission(run_dir):
            yield from (run_dir / name for name in (BODY, SUBMISSION))
            folder = run_dir / SUBMISSION_FOLDER / submission.folder
            yield from (folder / file.path for file in submission.files)

    return Step(
        name=NAME,
        revision=report.REVISION,
        inputs=inputs,
        do=lambda: report.report(run_dir),
        outputs=outputs,
        after=(VALIDATE, SCORE),
    )


def _submission(run_dir: Path) -> Submission | None:
    """What the report left to be sent; nothing where no board knows the tasks."""
    try:
        return read_record(run_dir / SUBMISSION, Submission)
    except RecordError:
        return None
