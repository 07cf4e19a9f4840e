"""The step `report` of a run: all records become gates.json, the page, the submission and its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium import report
from podium.files import sha256_file
from podium.run_directory import BODY, CROSSCHECK, GATES, PAGE, PLOT, SUBMISSION, SUBMISSION_FOLDER
from podium.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from podium.step import Finished, Inputs, Work


def report_step(work: Work) -> Step:
    """All records to gates.json, the page, the submission folder and the pull request body."""
    crosscheck = work.run_dir / CROSSCHECK

    def inputs(finished: Finished) -> Inputs:
        return {
            "findings": finished.outputs_sha256("validate"),
            "scores": finished.outputs_sha256("score"),
            "crosscheck": sha256_file(crosscheck) if crosscheck.exists() else "",
        }

    def do() -> Iterator[Path]:
        submission = report.report(work.run_dir)
        yield from (work.run_dir / name for name in (GATES, PAGE, PLOT))
        if submission is not None:
            yield from (work.run_dir / name for name in (BODY, SUBMISSION))
            folder = work.run_dir / SUBMISSION_FOLDER / submission.folder
            yield from (folder / file.path for file in submission.files)

    return Step(name="report", revision=report.REVISION, inputs=inputs, do=do)
