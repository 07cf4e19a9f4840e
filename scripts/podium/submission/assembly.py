"""The submission folder of a run: exactly the board's files, one digest over them, and the text of the pull request.

Reads a run's grouped JSON, generations and metrics. Writes submission/community_results/<folder>/ and submission.json.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from podium.errors import IncompleteError, RecordError, StorageError
from podium.files import read_bytes, sha256_bytes, sha256_file, write_atomic, write_remedy
from podium.profiles import submittable_tasks
from podium.protocol import COMMUNITY_FOLDER, generations_name, grouped_name, metrics_name, submission_title
from podium.records import FileDigest, Submission, digest_of_files, read_record, write_record
from podium.run_directory import BODY, SUBMISSION, SUBMISSION_FOLDER
from podium.submission.marks import marker

if TYPE_CHECKING:
    from pathlib import Path

    from podium.records import Plan

# GitHub's limit for the text of a pull request is 65,536 characters; the rest is for the line that names the release.
MAXIMUM_BODY = 65_536 - 640
AGAIN = "run podium report RUN_DIR again; nothing in a submission is edited by hand"


def board_files(plan: Plan) -> list[str]:
    """Paths of the board's files, the same below the run directory and below the submission's folder, sorted."""
    model = plan.release.model
    tasks = submittable_tasks(plan)
    return sorted(
        [
            grouped_name(model),
            *(generations_name(task, model.model) for task in tasks),
            *(metrics_name(task, model.model) for task in tasks),
        ]
    )


def assemble(run_dir: Path, plan: Plan) -> list[FileDigest]:
    """Copy the board's files into the submission folder as a whole; returns them, paths below that folder.

    Built beside the old folder and swapped in, so nothing is ever half written. Raises IncompleteError, StorageError.
    """
    new, old = run_dir / f".{SUBMISSION_FOLDER}.new", run_dir / f".{SUBMISSION_FOLDER}.old"
    try:
        for left in (new, old):
            if left.exists():
                shutil.rmtree(left)
        files = [_copied(run_dir, new / folder_of(plan), path) for path in board_files(plan)]
        if (run_dir / SUBMISSION_FOLDER).exists():
            (run_dir / SUBMISSION_FOLDER).rename(old)
        new.rename(run_dir / SUBMISSION_FOLDER)
        if old.exists():
            shutil.rmtree(old)
    except OSError as err:
        message = f"cannot write {run_dir / SUBMISSION_FOLDER}: {err.strerror}"
        remedy = write_remedy(err, "make room for it there")
        raise StorageError(message, hint=f"{remedy}, then run podium report again") from err
    return files


def folder_of(plan: Plan) -> str:
    """`community_results/ORG_MODEL_USER`."""
    return f"{COMMUNITY_FOLDER}/{plan.release.model.folder}"


def _copied(run_dir: Path, folder: Path, path: str) -> FileDigest:
    source = run_dir / path
    if source.is_symlink() or not source.is_file():
        message = f"{source} is missing, so there is no submission"
        raise IncompleteError(message, hint="podium run does the stages that are missing")
    data = read_bytes(source)
    write_atomic(folder / path, data)
    return FileDigest(path=path, size_bytes=len(data), sha256=sha256_bytes(data))


def write_submission(run_dir: Path, plan: Plan, files: list[FileDigest], body: str) -> Submission:
    """Write submission.json over the assembled files and the text. Raises RecordError for a text no board takes."""
    digest = digest_of_files(files)
    _check_body(body, digest, run_dir / BODY)
    submission = Submission(
        release=plan.release,
        profile=plan.profile,
        title=submission_title(plan.release.model),
        folder=folder_of(plan),
        files=files,
        sha256=digest,
        body_sha256=sha256_bytes(body.encode()),
    )
    write_record(run_dir / SUBMISSION, submission)
    return submission


def _check_body(body: str, digest: str, path: Path) -> None:
    # Counted as UTF-16 units: never fewer than what GitHub counts.
    length = len(body.encode("utf-16-le")) // 2
    if length > MAXIMUM_BODY:
        message = f"{path} has {length:,} characters, and {MAXIMUM_BODY:,} are room for"
        raise RecordError(message, hint="shorten the evidence; long tables belong into report/index.html")
    if marker(digest) not in body:
        message = f"{path} does not name the digest of its submission: {marker(digest)}"
        raise RecordError(message, hint=AGAIN)


def load_submission(run_dir: Path) -> tuple[Submission, str]:
    """Read submission.json and its text, and prove both against the files. Raises RecordError naming the file."""
    path = run_dir / SUBMISSION
    submission = read_record(path, Submission)
    wanted = f"{COMMUNITY_FOLDER}/{submission.release.model.folder}"
    for field, expected in (
        ("folder", wanted),
        ("title", submission_title(submission.release.model)),
        ("sha256", digest_of_files(submission.files)),
    ):
        if getattr(submission, field) != expected:
            message = f"{path}: $.{field} is not what its release and files give: {expected}"
            raise RecordError(message, hint=AGAIN)
    _prove_files(run_dir / SUBMISSION_FOLDER / wanted, submission)
    data = read_bytes(run_dir / BODY)
    if sha256_bytes(data) != submission.body_sha256:
        message = f"{run_dir / BODY} was changed after {path} was written"
        raise RecordError(message, hint=AGAIN)
    body = data.decode(errors="replace")
    _check_body(body, submission.sha256, run_dir / BODY)
    return submission, body


def _prove_files(folder: Path, submission: Submission) -> None:
    """Compare the folder with the record: no file more, none less, none with other bytes."""
    recorded = {file.path: file for file in submission.files}
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not _is_folder(path)}
    for name in sorted(recorded.keys() | found.keys()):
        path = folder / name
        if name not in found:
            fault = "is missing"
        elif name not in recorded:
            fault = f"is not in {SUBMISSION}"
        elif path.is_symlink() or not path.is_file():
            fault = "is not a plain file"
        elif path.stat().st_size != recorded[name].size_bytes or sha256_file(path) != recorded[name].sha256:
            fault = f"was changed after {SUBMISSION} was written"
        else:
            continue
        message = f"{path} {fault}"
        raise RecordError(message, hint=AGAIN)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
