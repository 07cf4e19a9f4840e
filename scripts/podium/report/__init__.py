"""report: gates, the page with its plots, the submission folder and the pull request body of a run.

Reads all records. Writes gates.json, report/, submission/, pr_body.md and submission.json.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.errors import FindingsError
from podium.files import write_atomic
from podium.gates import decide
from podium.gates.evidence import Evidence
from podium.profiles import submittable_tasks
from podium.protocol import submission_title
from podium.records import (
    Agreement,
    Findings,
    Model,
    Plan,
    Scores,
    Submission,
    VerdictsHeader,
    digest_of_files,
    read_log,
    read_record,
    write_record,
)
from podium.report.body import markdown
from podium.report.page import html
from podium.report.plots import PLOTS
from podium.report.sections import IN_BODY, ON_PAGE
from podium.run_directory import BODY, CROSSCHECK, FINDINGS, GATES, MODEL, PAGE, PLAN, SCORES, plot_path, verdicts_path
from podium.submission.assembly import assemble, write_submission
from podium.submission.marks import marker

if TYPE_CHECKING:
    from pathlib import Path

REVISION = 2  # raise when the same records would give other files


def report(run_dir: Path) -> Submission | None:
    """Write everything a reviewer reads; a run of tasks that no board knows is a try-out and has no submission.

    Raises RecordError, FindingsError when the records contradict each other.
    """
    evidence = collect(run_dir)
    errors = [finding for finding in evidence.findings.findings if finding.severity == "error"]
    if errors:
        message = f"{run_dir} has {len(errors)} errors, first: {errors[0].path}: {errors[0].message}"
        raise FindingsError(message, hint=f"podium validate {run_dir} lists them all")
    write_record(run_dir / GATES, decide(evidence))
    write_page(run_dir, evidence)
    if not submittable_tasks(evidence.plan):
        return None
    files = assemble(run_dir, evidence.plan)
    body = body_of(evidence, marker(digest_of_files(files)))
    write_atomic(run_dir / BODY, body.encode())
    return write_submission(run_dir, evidence.plan, files, body)


def collect(run_dir: Path) -> Evidence:
    """Read all records of a run. Raises RecordError."""
    plan = read_record(run_dir / PLAN, Plan)
    model = read_record(run_dir / MODEL, Model)
    scores = read_record(run_dir / SCORES, Scores)
    findings = read_record(run_dir / FINDINGS, Findings)
    headers = [read_log(verdicts_path(run_dir, task.task), VerdictsHeader)[0] for task in plan.tasks]
    crosscheck = run_dir / CROSSCHECK
    agreement = read_record(crosscheck, Agreement) if crosscheck.exists() else None
    return Evidence(plan=plan, model=model, scores=scores, headers=headers, findings=findings, agreement=agreement)


def write_page(run_dir: Path, evidence: Evidence) -> None:
    """Write report/index.html and the plots beside it."""
    plots = {name: draw(evidence) for name, draw in PLOTS.items()}
    for name, plot in plots.items():
        write_atomic(plot_path(run_dir, name), plot.png)
    page = html(_title(evidence), [tell(evidence) for tell in ON_PAGE], plots)
    write_atomic(run_dir / PAGE, page.encode())


def body_of(evidence: Evidence, marker: str) -> str:
    """The text of the pull request; the same records give the same text."""
    return markdown(_title(evidence), marker, [tell(evidence) for tell in IN_BODY])


def _title(evidence: Evidence) -> str:
    return submission_title(evidence.plan.release.model)
