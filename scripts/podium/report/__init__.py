"""report: gates, the page, the plot, the submission folder and the pull request body of a run.

Reads all records. Writes gates.json, report/, submission/, pr_body.md and submission.json.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jinja2

from podium.errors import FindingsError
from podium.files import write_atomic
from podium.gates import decide
from podium.gates.evidence import Evidence
from podium.profiles import profile_named, submittable_tasks
from podium.protocol import COMMUNITY_FOLDER, submission_title
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
from podium.run_directory import BODY, CROSSCHECK, FINDINGS, GATES, MODEL, PAGE, PLAN, PLOT, SCORES, verdicts_path
from podium.submission.assembly import assemble, write_submission
from podium.submission.marks import marker

if TYPE_CHECKING:
    from pathlib import Path

    from podium.records import TaskScore

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
    body = render("pr_body.md.jinja", evidence, marker=marker(digest_of_files(files)))
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
    """Write report/index.html and its plot."""
    from podium.report.plot import draw_scores

    write_atomic(run_dir / PLOT, draw_scores(evidence.scores))
    page = render("index.html.jinja", evidence, alt=_alt_text(evidence.scores.tasks))
    write_atomic(run_dir / PAGE, page.encode())


def render(template: str, evidence: Evidence, **extra: str) -> str:
    """Fill a template; the same records give the same text."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("podium.report"),
        autoescape=jinja2.select_autoescape(["html.jinja"]),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda fraction: f"{100 * fraction:.2f}"
    environment.filters["cell"] = _cell
    names = {field: getattr(evidence, field) for field in evidence.__struct_fields__}
    return environment.get_template(template).render(
        **names,
        gates=decide(evidence),
        title=submission_title(evidence.plan.release.model),
        profile=profile_named(evidence.plan.profile),
        partial=evidence.plan.partial,
        outcomes=sorted({outcome for score in evidence.scores.tasks for outcome in score.outcomes}),
        folder=f"{COMMUNITY_FOLDER}/{evidence.plan.release.model.folder}",
        **extra,
    )


def _cell(text: str) -> str:
    """Make text safe inside a Markdown table cell."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())


def _alt_text(scores: list[TaskScore]) -> str:
    return ", ".join(f"{score.task} {100 * score.pass_at['pass@1']:.2f} %" for score in scores)
