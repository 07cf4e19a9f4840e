"""The board `fork`: one pull request per model within the organisation's GitHub fork of the leaderboard.

The branch is the same for every release of a model and only ever moves forward, from commits that podium made;
a rerun finds what an earlier one left, however it ended, and ends in the same one pull request.
"""

from __future__ import annotations

import re
import time
from functools import cached_property
from typing import TYPE_CHECKING

from podium.boards.answers import RefusedError
from podium.boards.fork.forge import Forge, PullFacts
from podium.boards.fork.preflight import fork_problems, make_fork, sync_fork
from podium.boards.fork.situation import Situation
from podium.boards.fork.steps import commit_steps, text_step
from podium.boards.refusal import refuse
from podium.errors import BaseMissingError, BoardError, BoardUnreachableError, OlderReleaseError, UsageError
from podium.records import Receipt, SendPlan
from podium.submission.marks import TRAILER, marker, plain, released_tag, withdrawn
from podium.submission.package import Package, pack
from podium.submission.releases import refuse_older

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from podium.boards.seam import Clients, Targets
    from podium.progress import Progress
    from podium.records import Finding, PlannedCall

# A fresh pull request may be invisible for seconds: the look-up is repeated, the creation never is.
LOOKS = 4
PAUSE_SECONDS = 2.0
WRITES = 3
ANY_MARKER = "podium-submission sha256:"
FORK_NAME = re.compile(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}")


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
        return Forge(self._clients.github(), self._targets.fork, self._pause)

    def prepare(self, run_dir: Path) -> Package:
        """Read and prove what would be sent."""
        return pack(run_dir)

    def problems(self, package: Package) -> list[Finding]:
        """What stands in the way of writing to the fork; its absence does not if it is to be made."""
        if problems := package.profile_problems(self._targets.fork, is_near=self._forge.is_near):
            return problems
        if self._targets.create_fork and not self._forge.exists:
            return []
        return fork_problems(self._forge, self._targets, package)

    def outlook(self, package: Package) -> SendPlan:
        """What `send` would do; empty of calls while the fork is not there."""
        problems: list[str] = []
        situation = self._look(package) if self._forge.exists else None
        if situation is not None:
            try:
                self._refuse_older(package, situation)
            except OlderReleaseError as err:
                problems = [str(err)]
        found = (situation.pull or situation.past) if situation else None
        return SendPlan(
            board=self.name,
            target=self._targets.fork,
            branch=package.branch,
            title=package.submission.title,
            files=package.submission.files,
            submission_sha256=package.submission.sha256,
            body_sha256=package.submission.body_sha256,
            outcome=situation.outcome if situation else "created",
            reason=situation.reason if situation else "",
            url=found.url if found else "",
            release=package.tag,
            replaces=self._replaces(package, situation) if situation else "",
            world_sha256=situation.digest if situation else "",
            calls=self._calls(package, situation) if situation else [f"POST repos/{self._targets.upstream}/forks"],
            steps=self._steps(package, situation) if situation else [],
            problems=problems,
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
            calls += [f"POST pulls {package.branch} into {self._targets.base}", *self._decorations()]
        elif not situation.texts_equal:
            calls.append(f"PATCH pulls/{situation.pull.number}")
        return calls + [f"PATCH pulls/{other.number} closed" for other in situation.others]

    def _steps(self, package: Package, situation: Situation) -> list[PlannedCall]:
        """The calls that carry content, each with the digest of what it carries."""
        if situation.outcome in {"unchanged", "skipped"}:
            return []
        steps = [] if situation.files_equal else commit_steps(package, situation.wanted, situation.blobs.values())
        return steps if situation.texts_equal else [*steps, text_step(package, situation.pull)]

    def _decorations(self) -> list[str]:
        pairs = (("labels", self._targets.labels), ("reviewers", self._targets.reviewers))
        return [f"POST {word} {', '.join(names)}" for word, names in pairs if names]

    def send(self, package: Package, report: Progress) -> Receipt:
        """Bring the fork to hold this submission in one open pull request. Raises BoardError and its kinds."""
        notes = self._ready(package, report)
        situation = self._look(package)
        self._refuse_older(package, situation)
        pull, head = situation.pull or situation.past, ""
        if situation.outcome in {"created", "updated"}:
            self._announce(package, situation, report)
            if not situation.files_equal:
                head = self._send_files(package, situation, report)
            pull = self._edit(package, situation.pull) if situation.pull else self._open(package, situation, report)
            self._close_others(situation, pull)
        # What was just sent is truer than an answer that may lag behind it.
        head = head or (pull.head if pull else situation.base_head)
        return self._receipt(package, situation, pull, head, notes)

    def _receipt(
        self, package: Package, situation: Situation, pull: PullFacts | None, head: str, notes: list[str]
    ) -> Receipt:
        return Receipt(
            stage="submit",
            board=self.name,
            outcome=situation.outcome,
            reason=situation.reason,
            url=pull.url if pull else "",
            number=pull.number if pull else 0,
            branch=package.branch,
            head=head,
            submission_sha256=package.submission.sha256,
            release=package.tag,
            replaces=self._replaces(package, situation),
            notes=notes,
        )

    def withdraw(self, package: Package, report: Progress) -> Receipt:
        """Close this model's open pull request and delete its branch; whoever reads it sees that we did."""
        branch_head, pull = self._forge.head_of(package.branch), self._own_pull(package)
        if branch_head and self._forge.head_of(self._targets.base):
            self._own_commits(package, branch_head)
        if pull is not None:
            self._forge.close_pull(pull.number, withdrawn(pull.body))
        # Looked at again: a branch that was not shown a moment ago must not be left behind.
        left = self._forge.head_of(package.branch) or branch_head
        if left is not None:
            self._own_commits(package, left)
            self._forge.delete_branch(package.branch)
        acted = pull is not None or left is not None
        return Receipt(
            stage="submit",
            board=self.name,
            outcome="closed" if acted else "unchanged",
            reason="" if acted else "nothing of this model is open in the fork",
            url=pull.url if pull else "",
            number=pull.number if pull else 0,
            submission_sha256=package.submission.sha256,
            release=package.tag,
        )

    def _ready(self, package: Package, report: Progress) -> list[str]:
        """Make and sync the fork where that is asked for; returns what was done."""
        notes = []
        if self._targets.create_fork:
            notes.append(make_fork(self._forge, self._targets, self._pause, report))
            refuse(fork_problems(self._forge, self._targets, package))
        if self._targets.sync:
            notes.append(sync_fork(self._forge, self._targets.base))
        notes = [note for note in notes if note]
        for note in notes:
            report.note(f"submit: {note}")
        return notes

    def _refuse_older(self, package: Package, situation: Situation) -> None:
        if situation.outcome != "unchanged":
            refuse_older(package.tag, situation.releases, self._targets.fork, force=self._targets.force)

    @staticmethod
    def _replaces(package: Package, situation: Situation) -> str:
        return next((tag for tag in situation.releases if tag != package.tag), "")

    # Looking

    def _look(self, package: Package) -> Situation:
        """Read everything `send` decides on. Raises BoardError when the branch or pull request is somebody else's."""
        base_head = self._forge.head_of(self._targets.base)
        if base_head is None:
            message = f"{self._targets.fork} has no branch {self._targets.base!r}"
            raise BaseMissingError(message, hint="--base names the branch the leaderboard uses")
        branch_head = self._forge.head_of(package.branch)
        own = self._own_commits(package, branch_head) if branch_head else []
        listed = self._forge.pulls("all")
        ours = [pull for pull in listed if self._is_ours(package, pull)]
        pull = self._checked(next((pull for pull in ours if pull.is_open), None), package)
        closed = [pull for pull in ours if not pull.is_open]
        named = marker(package.submission.sha256)
        base_blobs = self._forge.blobs_at(base_head, package.submission.folder)
        return Situation(
            base_head=base_head,
            branch_head=branch_head,
            # A branch without own commits is a left-over of something merged.
            blobs=self._forge.blobs_at(own[-1], package.submission.folder) if own else base_blobs,
            base_blobs=base_blobs,
            wanted=package.blobs(),
            pull=pull,
            past=None if pull else next((past for past in closed if named in past.body), None),
            merged=next((past for past in closed if past.is_merged), None),
            others=[other for other in listed if other not in ours and self._is_stray(package, other)],
            texts_equal=pull is not None and same_texts(pull, package),
        )

    def _is_ours(self, package: Package, pull: PullFacts) -> bool:
        return (pull.branch, pull.base, pull.from_fork) == (package.branch, self._targets.base, False)

    def _is_stray(self, package: Package, pull: PullFacts) -> bool:
        """Whether an open pull request is podium's for the same model, from another branch or into another base."""
        is_same = pull.title == package.submission.title and ANY_MARKER in pull.body
        return pull.is_open and not pull.from_fork and is_same and self._forge.is_me(pull.author)

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
        opened = (pull for pull in self._forge.pulls("open") if self._is_ours(package, pull))
        return self._checked(next(opened, None), package)

    def _checked(self, pull: PullFacts | None, package: Package) -> PullFacts | None:
        if pull is not None and not self._forge.is_me(pull.author) and ANY_MARKER not in pull.body:
            message = f"pull request #{pull.number} from {package.branch} was opened by {pull.author}, not by podium"
            raise BoardError(message, hint=f"close {pull.url}, then run the same command again")
        return pull

    # Writing

    def _send_files(self, package: Package, situation: Situation, report: Progress) -> str:
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

    def _send_blobs(self, package: Package, situation: Situation, present: Mapping[str, str], report: Progress) -> None:
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

    def _open(self, package: Package, situation: Situation, report: Progress) -> PullFacts:
        title = package.submission.title
        try:
            pull = self._forge.open_pull(package.branch, self._targets.base, title, package.text)
        except (BoardUnreachableError, RefusedError) as err:
            if isinstance(err, RefusedError) and err.kind != "exists":
                raise
            found = self._wait_for_pull(package)
            if found is None:
                raise
            pull = found
        self._decorate(pull.number, report)
        merged = situation.merged
        if merged is not None:
            self._tell(
                pull.number, f"This follows #{merged.number}, the release `{released_tag(merged.body)}`.", report
            )
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
            self._forge.edit_pull(pull.number, package.submission.title, package.text)
        return self._forge.pull(pull.number)

    def _decorate(self, number: int, report: Progress) -> None:
        """Labels and reviewers help people; without them the submission is as good."""
        targets = self._targets
        try:
            if targets.labels:
                self._forge.add_labels(number, targets.labels)
            if targets.reviewers:
                self._forge.request_reviews(number, targets.reviewers)
        except BoardError as err:
            report.note(f"submit: the pull request stands, but {err}")

    def _announce(self, package: Package, situation: Situation, report: Progress) -> None:
        """Say in the open pull request that another release takes its place, before anything of it changes."""
        pull = situation.pull
        if pull is None or released_tag(pull.body) in {"", package.tag}:
            return
        text = (
            f"The release `{package.tag}` takes the place of `{released_tag(pull.body)}` in this pull request. "
            f"What it held until now: {pull.head}."
        )
        self._tell(pull.number, text, report)

    def _tell(self, number: int, text: str, report: Progress) -> None:
        try:
            self._forge.comment_once(number, text)
        except BoardError as err:
            report.note(f"submit: the pull request stands, but {err}")

    def _close_others(self, situation: Situation, pull: PullFacts) -> None:
        """Close what the pull request replaces, with a link to it."""
        for other in situation.others:
            self._forge.comment_once(other.number, f"Superseded by #{pull.number}.")
            self._forge.close_pull(other.number, withdrawn(other.body))


def same_texts(pull: PullFacts, package: Package) -> bool:
    """Whether the pull request shows our title and text; line ends and outer blanks may differ."""
    return pull.title == package.submission.title and plain(pull.body) == plain(package.text)
