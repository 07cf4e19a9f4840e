"""What a board is given: the proven submission of a run, its text, and why it may not go out."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from podium.errors import NothingToDoError, RecordError
from podium.files import read_bytes, sha256_bytes, sha256_file
from podium.profiles import profile_named, submittable_tasks
from podium.records import FileDigest, Finding, Gates, Plan, Scores, Submission, read_record
from podium.run_directory import GATES, PAGE, PLAN, SCORES, SUBMISSION_FOLDER, verdicts_path
from podium.submission.assembly import AGAIN, load_submission
from podium.submission.marks import release_marker


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """A submission ready to be sent: its record, its text, and the run directory its files lie in."""

    run_dir: Path
    plan: Plan
    gates: Gates
    submission: Submission
    body: str

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return self.run_dir / SUBMISSION_FOLDER / self.submission.folder

    @property
    def branch(self) -> str:
        """The branch of this model's pull request: the same for every release."""
        return f"podium/{self.submission.release.model.folder}"

    @property
    def tag(self) -> str:
        """The release's tag."""
        return self.submission.release.tag

    @property
    def text(self) -> str:
        """The text of the pull request: the approved body, and a line for machines that names the release."""
        return f"{self.body.rstrip()}\n\n{release_marker(self.tag)}\n"

    def reasons_not_to_send(self) -> list[str]:
        """Why this run is no submission; empty if it is one."""
        refused = [gate for gate in self.gates.gates if gate.decision == "no"]
        return [*self.plan.partial, *(f"gate {gate.name} says no: {gate.evidence}" for gate in refused)]

    def profile_problems(self, place: str, *, is_near: bool) -> list[Finding]:
        """Why a submission of this profile may not go to `place`, which is on this machine or not; none if it may."""
        name = self.submission.profile
        if is_near or not profile_named(name).for_standin:
            return []
        message = f"a submission of the profile {name!r} is for a stand-in on this machine, and {place} is not one"
        hint = "evaluate with another `profile` below [evaluation] in podium.toml; podium standin serves a stand-in"
        return [Finding(rule="profile", severity="error", path="submission.json", message=message, hint=hint)]

    def read(self, file: FileDigest) -> bytes:
        """The bytes of one file. Raises RecordError if they are not the recorded ones any more."""
        path = self.folder / file.path
        data = read_bytes(path)
        if sha256_bytes(data) != file.sha256:
            message = f"{path} changed while it was being sent"
            raise RecordError(message, hint=AGAIN)
        return data

    def blobs(self) -> dict[str, str]:
        """Git's name for the content of every file, by path below the folder."""
        return {file.path: git_blob(self.read(file)) for file in self.submission.files}


def _prove_current(run_dir: Path, submission: Submission) -> None:
    """Raises RecordError where the run went on after its submission was made: a copy of what was is not sent."""
    recorded = {run_dir / file.path: file.sha256 for file in submission.files}
    if (run_dir / SCORES).exists():
        scores = read_record(run_dir / SCORES, Scores)
        recorded |= {verdicts_path(run_dir, score.task): score.verdicts_sha256 for score in scores.tasks}
    for path, sha256 in recorded.items():
        if path.exists() and sha256_file(path) != sha256:
            message = f"{path} changed after the submission of {run_dir} was made from it"
            raise RecordError(message, hint=f"podium run makes it anew; podium validate {run_dir} says what differs")


def git_blob(data: bytes) -> str:
    """The object name git gives to a file with these bytes (SHA-1 over its header and content)."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def pack(run_dir: Path) -> Package:
    """Read and prove everything that would be sent. Raises RecordError naming the file that is not as recorded.

    Raises NothingToDoError for a try-out whose tasks are no board's: there is nothing that could be sent.
    """
    plan = read_record(run_dir / PLAN, Plan)
    if not submittable_tasks(plan):
        message = f"{run_dir} is never submitted: none of its tasks is a column of the board {plan.profile!r}"
        raise NothingToDoError(message, hint=f"it is evaluated and reported all the same: {run_dir / PAGE}")
    submission, body = load_submission(run_dir)
    _prove_current(run_dir, submission)
    gates = read_record(run_dir / GATES, Gates)
    for name, release in ((PLAN, plan.release), (GATES, gates.release)):
        if release != submission.release:
            message = f"{run_dir / name} is about another release than submission.json"
            raise RecordError(message, hint=AGAIN)
    return Package(run_dir=run_dir, plan=plan, gates=gates, submission=submission, body=body)
