"""The board `fork`: one pull request per model within the organisation's GitHub fork of the leaderboard.

The branch is the same for every release of a model and only ever moves forward, from commits that podium made;
a rerun finds what an earlier one left, however it ended, and ends in the same one pull request.
"""

from __future__ import annotations

import re
import time
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from podium.boards.answers import RefusedError
from podium.boards.forge import TRAILER, Forge, PullFacts
from podium.boards.package import Package, pack
from podium.boards.submission import marker
from podium.errors import BoardError, BoardUnreachableError, UsageError
from podium.records import Finding, Receipt, SendPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from podium.boards import Clients, Targets
    from podium.progress import Report

# A fresh pull request may be invisible for seconds: the look-up is repeated, the creation never is.
LOOKS = 4
PAUSE_SECONDS = 2.0
WRITES = 3
FORK_NAME = re.compile(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}")


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What the fork holds now. `blobs` are our folder's files at the branch, or at the base while there is none."""

    base_head: str
    branch_head: str | None
    blobs: Mapping[str, str]
    base_blobs: Mapping[str, str]
    wanted: Mapping[str, str]
    pull: PullFacts | None
    past: PullFacts | None
    texts_equal: bool

    @property
    def files_equal(self) -> bool:
        """Whether the branch holds exactly our files."""
        return self.blobs == self.wanted

    @property
    def outcome(self) -> Literal["created", "updated", "unchanged", "skipped"]:
        """What sending would come to."""
        if self.pull is not None:
            return "unchanged" if self.files_equal and self.texts_equal else "updated"
        if self.base_blobs == self.wanted:
            return "unchanged"
        return "skipped" if self.is_rejected else "created"

    @property
    def is_rejected(self) -> bool:
        """Whether somebody closed a pull request with exactly this submission."""
        return self.past is not None and not self.past.is_merged

    @property
    def reason(self) -> str:
        """Why nothing is sent, where that is not plain."""
        if self.outcome == "skipped" and self.past is not None:
            return f"pull request #{self.past.number} with exactly this submission was closed; reopen it to go on"
        if self.outcome == "unchanged" and self.pull is None:
            return "the base branch already holds exactly these files"
        return ""


class ForkBoard:
    """The leaderboard fork on GitHub."""

    name = "fork"

    def __init__(self, targets: Targets, clients: Clients, pause: Callable[[float], None] = time.sleep) -> None:
        if not FORK_NAME.fullmatch(targets.fork):
            message = f"{targets.fork!r} is not the name of a GitHub repository"
            raise UsageError(message, hint="name it as OWNER/REPO: --fork, or `fork` below [submit] in podium.toml")
        self._targets, self._clients, self._pause = targets, clients, pause

    @cached_property
    def _forge(self) -> Forge:
        return Forge(self._clients.github(), self._targets.fork)

    def prepare(self, run_dir: Path) -> Package:
        """Read and prove what would be sent."""
        return pack(run_dir)

    def problems(self, package: Package) -> list[Finding]:
        """What stands in the way in the fork."""
        fork, base, login = self._targets.fork, self._targets.base, self._forge.login or "this token's App"
        findings = []
        if self._forge.is_archived:
            findings.append(_problem("fork-archived", fork, "is archived", "unarchive it, or name another with --fork"))
        if not self._forge.can_push:
            hint = f"give {login} write access to {fork}, or set PODIUM_FORK_TOKEN to a token that has it"
            findings.append(_problem("fork-read-only", fork, f"cannot be written to by {login}", hint))
        if self._forge.head_of(base) is None:
            hint = "name the branch the leaderboard uses: --base, or `base` below [submit] in podium.toml"
            findings.append(_problem("fork-base-missing", fork, f"has no branch {base!r}", hint))
        return findings

    def outlook(self, package: Package) -> SendPlan:
        """What `send` would do."""
        situation = self._look(package)
        found = situation.pull or situation.past
        return SendPlan(
            board=self.name,
            target=self._targets.fork,
            branch=package.branch,
            title=package.submission.title,
            files=package.submission.files,
            submission_sha256=package.submission.sha256,
            body_sha256=package.submission.body_sha256,
            outcome=situation.outcome,
            reason=situation.reason,
            url=found.url if found else "",
            calls=self._calls(package, situation),
        )

    def _calls(self, package: Package, situation: Situation) -> list[str]:
        if situation.outcome in {"unchanged", "skipped"}:
            return []
        calls = []
        if not situation.files_equal:
            missing = sorted(set(situation.wanted.values()) - set(situation.blobs.values()))
            calls = [f"POST git/blobs x {len(missing)}", "POST git/trees", "POST git/commits"]
            calls.append(f"{'PATCH' if situation.branch_head else 'POST'} git/refs heads/{package.branch}")
        if situation.pull is None:
            return [*calls, f"POST pulls {package.branch} into {self._targets.base}", *self._decorations()]
        return calls if situation.texts_equal else [*calls, f"PATCH pulls/{situation.pull.number}"]

    def _decorations(self) -> list[str]:
        pairs = (("labels", self._targets.labels), ("reviewers", self._targets.reviewers))
        return [f"POST {word} {', '.join(names)}" for word, names in pairs if names]

    def send(self, package: Package, report: Report) -> Receipt:
        """Bring the fork to hold this submission in one open pull request. Raises BoardError and its kinds."""
        situation = self._look(package)
        pull, head = situation.pull or situation.past, ""
        if situation.outcome in {"created", "updated"}:
            if not situation.files_equal:
                head = self._send_files(package, situation, report)
            pull = self._edit(package, situation.pull) if situation.pull else self._open(package, report)
        return Receipt(
            stage="submit",
            board=self.name,
            outcome=situation.outcome,
            reason=situation.reason,
            url=pull.url if pull else "",
            number=pull.number if pull else 0,
            branch=package.branch,
            # What was just sent is truer than an answer that may lag behind it.
            head=head or (pull.head if pull else situation.base_head),
            submission_sha256=package.submission.sha256,
        )

    # Looking

    def _look(self, package: Package) -> Situation:
        """Read everything `send` decides on. Raises BoardError when the branch or pull request is somebody else's."""
        base_head = self._forge.head_of(self._targets.base)
        if base_head is None:
            message = f"{self._targets.fork} has no branch {self._targets.base!r}"
            raise BoardError(message, hint="--base names the branch the leaderboard uses")
        branch_head = self._forge.head_of(package.branch)
        own = self._own_commits(package, branch_head) if branch_head else []
        pull = self._own_pull(package)
        base_blobs = self._forge.blobs_at(base_head, package.submission.folder)
        return Situation(
            base_head=base_head,
            branch_head=branch_head,
            # A branch without own commits is a left-over of something merged.
            blobs=self._forge.blobs_at(own[-1], package.submission.folder) if own else base_blobs,
            base_blobs=base_blobs,
            wanted=package.blobs(),
            pull=pull,
            past=None if pull else self._past_pull(package),
            texts_equal=pull is not None and same_texts(pull, package),
        )

    def _own_commits(self, package: Package, branch_head: str) -> list[str]:
        """Commits of our branch beyond the base. Raises BoardError if one of them is not ours."""
        commits = self._forge.commits_beyond(self._targets.base, branch_head)
        foreign = [commit.sha for commit in commits if not commit.is_own]
        if foreign:
            message = (
                f"the branch {package.branch} of {self._targets.fork} holds a commit that this account's podium "
                f"did not make: {foreign[-1][:12]}"
            )
            hint = "keep that work on another branch, delete this one, and run the same command again"
            raise BoardError(message, hint=hint)
        return [commit.sha for commit in commits]

    def _own_pull(self, package: Package) -> PullFacts | None:
        pull = next(self._forge.pulls_from(package.branch, self._targets.base, "open"), None)
        if pull is not None and not self._forge.is_me(pull.author) and "podium-submission sha256:" not in pull.body:
            message = f"pull request #{pull.number} from {package.branch} was opened by {pull.author}, not by podium"
            raise BoardError(message, hint=f"close {pull.url}, then run the same command again")
        return pull

    def _past_pull(self, package: Package) -> PullFacts | None:
        """The latest closed pull request with exactly this submission."""
        named = marker(package.submission.sha256)
        closed = self._forge.pulls_from(package.branch, self._targets.base, "closed")
        return next((pull for pull in closed if named in pull.body), None)

    # Writing

    def _send_files(self, package: Package, situation: Situation, report: Report) -> str:
        parents = [situation.branch_head] if situation.branch_head else []
        if not parents or self._forge.commits_beyond(parents[0], situation.base_head):
            parents.append(situation.base_head)
        folder = package.submission.folder
        # The tree of the last parent is built upon: what it has of our folder is kept, replaced or removed.
        present = self._forge.blobs_at(parents[-1], folder)
        self._send_blobs(package, situation, present, report)
        changes: dict[str, str | None] = {f"{folder}/{path}": None for path in present.keys() - situation.wanted.keys()}
        changes |= {f"{folder}/{path}": blob for path, blob in situation.wanted.items()}
        message = f"{package.submission.title}\n\n{TRAILER} {package.submission.sha256}\n"
        commit = self._again(lambda: self._forge.write_commit(parents, changes, message))
        self._move(package, situation, commit)
        return commit

    def _send_blobs(self, package: Package, situation: Situation, present: Mapping[str, str], report: Report) -> None:
        there = {*present.values(), *situation.blobs.values()}
        missing = [file for file in package.submission.files if situation.wanted[file.path] not in there]
        report.start(f"submit {self._targets.fork}", len(missing), "files")
        for file in missing:
            data = package.read(file)
            blob = self._again(lambda data=data: self._forge.write_blob(data))  # type: ignore[misc]
            if blob != situation.wanted[file.path]:
                message = f"{self._targets.fork} stored {file.path} as {blob}, which is not what was sent"
                raise BoardError(message, hint="run the same command again; tell GitHub if it stays")
            report.advance()
        report.finish()

    def _again(self, write: Callable[[], str]) -> str:
        """Repeat a write whose only effect is an object named by its content."""
        for _ in range(WRITES - 1):
            try:
                return write()
            except BoardUnreachableError:
                self._pause(PAUSE_SECONDS)
        return write()

    def _move(self, package: Package, situation: Situation, commit: str) -> None:
        try:
            if situation.branch_head is None:
                self._forge.create_branch(package.branch, commit)
            else:
                self._forge.advance_branch(package.branch, commit)
        except BoardUnreachableError:
            # The answer was lost; whether the branch moved is seen there.
            if self._forge.head_of(package.branch) != commit:
                raise

    def _open(self, package: Package, report: Report) -> PullFacts:
        submission = package.submission
        try:
            pull = self._forge.open_pull(package.branch, self._targets.base, submission.title, package.body)
        except (BoardUnreachableError, RefusedError) as err:
            if isinstance(err, RefusedError) and err.kind != "exists":
                raise
            found = self._wait_for_pull(package)
            if found is None:
                raise
            pull = found
        self._decorate(pull.number, report)
        return pull

    def _wait_for_pull(self, package: Package) -> PullFacts | None:
        """After a lost answer: look whether the pull request came to be, a few times."""
        for look in range(LOOKS):
            if look:
                self._pause(PAUSE_SECONDS)
            pull = self._own_pull(package)
            if pull is not None:
                return pull
        return None

    def _edit(self, package: Package, pull: PullFacts) -> PullFacts:
        if not same_texts(pull, package):
            self._forge.edit_pull(pull.number, package.submission.title, package.body)
        return self._forge.pull(pull.number)

    def _decorate(self, number: int, report: Report) -> None:
        """Labels and reviewers help people; without them the submission is as good."""
        targets = self._targets
        try:
            if targets.labels:
                self._forge.add_labels(number, targets.labels)
            if targets.reviewers:
                self._forge.request_reviews(number, targets.reviewers)
        except BoardError as err:
            report.note(f"submit: the pull request stands, but {err}")


def same_texts(pull: PullFacts, package: Package) -> bool:
    """Whether the pull request shows our title and text; line ends and outer blanks may differ."""
    return pull.title == package.submission.title and plain(pull.body) == plain(package.body)


def plain(text: str) -> str:
    """Text as it is compared: GitHub and the Hub may change line ends and outer blanks."""
    return text.replace("\r\n", "\n").strip()


def _problem(rule: str, fork: str, fault: str, hint: str) -> Finding:
    return Finding(rule=rule, severity="error", path=fork, message=f"{fork} {fault}", hint=hint)
