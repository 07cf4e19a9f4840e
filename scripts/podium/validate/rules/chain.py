"""Rules on evidence: every digest that a record lists is the digest of the file, and nothing is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.profiles import PROFILES, profile_named
from podium.protocol import submission_title
from podium.records import digest_of_files
from podium.run_directory import (
    BODY,
    GATES,
    LEDGER,
    MODEL,
    MODEL_FOLDER,
    SUBMISSION,
    SUBMISSION_FOLDER,
    evidence_of,
)
from podium.validate.intake import mode_of
from podium.validate.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from podium.records import FileDigest
    from podium.validate.contents import Contents

REPORT_AGAIN = "podium report RUN_DIR writes it again; nothing in a submission is edited by hand"
RUN_AGAIN = "podium run does again what is missing or changed"


def _differences(contents: Contents, files: Iterable[FileDigest], folder: str, listed_in: str) -> Iterator[Violation]:
    """Listed files that are missing or hold other bytes."""
    seen: set[str] = set()
    for file in files:
        path = f"{folder}{file.path}"
        if file.path in seen:
            yield Violation(path=listed_in, message=f"it lists {path} twice")
        seen.add(file.path)
        place = contents.intake.inside(path, listed_in)
        if place is None:
            continue
        if not mode_of(place):
            yield Violation(path=path, message=f"it is missing, and {listed_in} lists it", hint=RUN_AGAIN)
        elif not _is_same(contents, path, file):
            message = f"it is not the file that {listed_in} lists: {file.size_bytes} bytes, sha256 {file.sha256[:12]}…"
            yield Violation(path=path, message=message, hint=RUN_AGAIN)


def _is_same(contents: Contents, path: str, file: FileDigest) -> bool:
    digest = contents.digests.get(path) or contents.intake.digest(path)
    if digest is None:
        return False
    contents.digests.setdefault(path, digest)
    return (digest.size_bytes, digest.sha256) == (file.size_bytes, file.sha256)


def _unlisted(
    contents: Contents, files: Iterable[FileDigest], folder: str, listed_in: str, below: str = ""
) -> Iterator[Violation]:
    """Files below a folder (or the wider one) that nobody lists."""
    listed = {f"{folder}{file.path}" for file in files}
    for path in contents.paths:
        if path.startswith(below or folder) and path not in listed:
            yield Violation(
                path=path, message=f"{listed_in} does not list it", hint="delete it, or run the stage again"
            )


def model_files(contents: Contents) -> Iterator[Violation]:
    """model/ holds exactly what model.json lists; a run whose model lies elsewhere is not judged by it."""
    if contents.model is not None and any(path.startswith(f"{MODEL_FOLDER}/") for path in contents.paths):
        yield from _differences(contents, contents.model.files, f"{MODEL_FOLDER}/", MODEL)
        yield from _unlisted(contents, contents.model.files, f"{MODEL_FOLDER}/", MODEL)


def model_plan(contents: Contents) -> Iterator[Violation]:
    """model.json was converted from the checkpoint, into the type and with what else is stated in the plan."""
    plan, model = contents.plan, contents.model
    if plan and model:
        for name in ("checkpoint", "dtype"):
            if getattr(plan, name) != getattr(model, name):
                message = f"its {name} is not the plan's"
                yield Violation(path=MODEL, where=f"$.{name}", message=message, hint=RUN_AGAIN)
        for where, departure in model.departures(plan.conversion).items():
            message = f"it is not what the plan states: it was converted with {departure}"
            yield Violation(path=MODEL, where=where, message=message, hint=RUN_AGAIN)


def ledger_outputs(contents: Contents) -> Iterator[Violation]:
    """Every output in ledger.json is there unchanged; steps of tasks that are no longer planned are left alone."""
    has_model = any(path.startswith(f"{MODEL_FOLDER}/") for path in contents.paths)
    planned = {task.task for task in contents.plan.tasks} if contents.plan else set()
    for name, entry in contents.ledger.entries.items() if contents.ledger else ():
        _, _, task = name.partition(" ")
        if task and task not in planned:
            continue
        outputs = [file for file in entry.outputs if has_model or not file.path.startswith(f"{MODEL_FOLDER}/")]
        yield from _differences(contents, outputs, "", LEDGER)


def submission_files(contents: Contents) -> Iterator[Violation]:
    """The submission folder holds exactly what submission.json lists, under the digest that is approved."""
    submission = contents.submission
    if submission is None:
        return
    folder = f"{SUBMISSION_FOLDER}/{submission.folder}/"
    yield from _differences(contents, submission.files, folder, SUBMISSION)
    yield from _unlisted(contents, submission.files, folder, SUBMISSION, below=f"{SUBMISSION_FOLDER}/")
    if digest_of_files(submission.files) != submission.sha256:
        message = "it is not the digest of the listed files"
        yield Violation(path=SUBMISSION, where="$.sha256", message=message, hint=REPORT_AGAIN)


def submission_copies(contents: Contents) -> Iterator[Violation]:
    """Every submitted file is a copy of the run's own."""
    for file in contents.submission.files if contents.submission else ():
        own = contents.digests.get(file.path)
        if own is None or own.sha256 != file.sha256:
            message = f"{file.path} is not the run's own file"
            yield Violation(path=SUBMISSION, where="$.files", message=message, hint=REPORT_AGAIN)


def submission_plan(contents: Contents) -> Iterator[Violation]:
    """submission.json has the names that the plan's release gives."""
    plan, submission = contents.plan, contents.submission
    if plan is None or submission is None:
        return
    expected = {
        "release": plan.release,
        "profile": plan.profile,
        "title": submission_title(plan.release.model),
        "folder": f"community_results/{plan.release.model.folder}",
    }
    for name, value in expected.items():
        if getattr(submission, name) != value:
            message = f"it is {getattr(submission, name)!r}, the plan gives {value!r}"
            yield Violation(path=SUBMISSION, where=f"$.{name}", message=message, hint=REPORT_AGAIN)


def body_marker(contents: Contents) -> Iterator[Violation]:
    """pr_body.md is the approved text and names the digest of its submission on a line."""
    submission, body = contents.submission, contents.body
    if submission is None or body is None:
        return
    if f"<!-- podium-submission sha256:{submission.sha256} -->" not in body.splitlines():
        message = "no line names the digest of submission.json"
        yield Violation(path=BODY, message=message, hint=REPORT_AGAIN)
    if contents.digests[BODY].sha256 != submission.body_sha256:
        message = "it was changed after submission.json was written"
        yield Violation(path=BODY, message=message, hint=REPORT_AGAIN)


def gates_plan(contents: Contents) -> Iterator[Violation]:
    """gates.json decides on the plan's release."""
    if contents.plan and contents.gates and contents.gates.release != contents.plan.release:
        message = "it decides on another release than plan.json has"
        yield Violation(path=GATES, where="$.release", message=message, hint=REPORT_AGAIN)


def run_incomplete(contents: Contents) -> Iterator[Violation]:
    """A scored run has all its evidence: model.json, four files a task, and the grouped scores if the board has any."""
    plan = contents.plan
    if plan is None or not contents.has("scores"):
        return
    columns = profile_named(plan.profile).problems if plan.profile in PROFILES else {}
    on_board = [task.task for task in plan.tasks if task.task in columns]
    for path, (kind, task) in evidence_of(plan, on_board).items():
        if path not in contents.paths and not (kind == "samples" and contents.has_file(kind, task)):
            yield Violation(path=path, message="the run is scored, and this file is missing", hint=RUN_AGAIN)
