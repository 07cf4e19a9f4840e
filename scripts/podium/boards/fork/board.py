"""The board `fork`: one pull request per model within the organisation's GitHub fork of the leaderboard.

The branch is the same for every release of a model and only ever moves forward, from commits that podium made;
a rerun finds what an earlier one left, however it ended, and ends in the same one pull request.
"""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING

from podium.boards.answers import RefusedError
from podium.boards.fork.branch import own_commits
from podium.boards.fork.decoration import decorate, missing, tell
from podium.boards.fork.forge import Forge
from podium.boards.fork.outlook import plan_for, plan_for_new_fork, plan_of_withdrawal
from podium.boards.fork.preflight import fork_problems, make_fork, sync_fork
from podium.boards.fork.remote_state import RemoteState
from podium.boards.pull_state import PAUSE_SECONDS, held_instead, look_until_found, other_release
from podium.boards.refusal import refuse
from podium.errors import BaseMissingError, BoardError, BoardUnreachableError, OlderReleaseError, UsageError
from podium.files import sha256_json
from podium.names import GITHUB_NAME
from podium.records import Receipt
from podium.submission.marks import TRAILER, marker, plain, released_tag, withdrawn
from podium.submission.package import Package, pack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from podium.boards.fork.facts import PullFacts
    from podium.boards.seam import Clients, Targets
    from podium.progress import Progress
    from podium.records import Finding, SendPlan

WRITES = 3
ANY_MARKER = "podium-submission sha256:"


class ForkBoard:
    """The leaderboard fork on GitHub."""

    name = "fork"

    def __init__(self, targets: Targets, clients: Clients, pause: Callable[[float], None] = time.sleep) -> None:
        require_fork_name(targets.fork)
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
        if self._makes_fork():
            return []
        return fork_problems(self._forge, self._targets, len(package.submission.files))

    def _makes_fork(self) -> bool:
        """Whether sending begins with making the fork. Raises UsageError if nothing says what to make it of."""
        if not self._targets.create_fork or self._forge.exists:
            return False
        if not self._targets.upstream:
            message = f"{self._targets.fork} does not exist, and nothing says what it is to be a fork of"
            raise UsageError(message, hint='add `upstream = "OWNER/REPO"` below [submit] in podium.toml')
        return True

    def outlook(self, package: Package) -> SendPlan:
        """What `send` would do. Raises BoardError and its kinds where it would do nothing."""
        if self._makes_fork():
            return plan_for_new_fork(package, self._targets, missing(self._forge, self._targets, None))
        if not self._forge.exists:
            refuse(fork_problems(self._forge, self._targets, len(package.submission.files)))
        remote, problems = self._look(package), []
        try:
            self._refuse_older(package, remote)
        except OlderReleaseError as err:
            problems = [str(err)]
        return plan_for(remote, package, self._forge.repository, self._targets, problems)

    def withdrawal(self, package: Package) -> SendPlan:
        """What `withdraw` would close and delete, by name."""
        pull, branch_head = self._what_is_open(package)
        digest = sha256_json([pull.number if pull else 0, pull.body if pull else "", branch_head])
        branch = package.branch if branch_head else ""
        return plan_of_withdrawal(package, self._forge.repository, pull, branch, digest)

    def send(self, package: Package, report: Progress) -> Receipt:
        """Bring the fork to hold this submission in one open pull request. Raises BoardError and its kinds."""
        notes = self._ready(package, report)
        remote = self._look(package)
        self._refuse_older(package, remote)
        notes += self._told(remote, report)
        pull, head = remote.pull or remote.past, ""
        if remote.state.writes:
            notes += self._announce(package, remote, report)
            if not remote.files_equal:
                head = self._send_files(package, remote, report)
            pull = self._edit(package, remote) if remote.pull else self._open(package, remote)
        if pull is not None and pull.is_open:
            notes += decorate(self._forge, pull.number, remote.missing, report)
        if pull is not None and remote.state.writes:
            notes += self._link(remote, pull, report)
        # What was just sent is truer than an answer that may lag behind it.
        head = head or (pull.head if pull else remote.base_head)
        return self._receipt(package, remote, pull, head, notes)

    def _receipt(
        self, package: Package, remote: RemoteState, pull: PullFacts | None, head: str, notes: list[str]
    ) -> Receipt:
        return Receipt(
            stage="submit",
            board=self.name,
            outcome=remote.state.outcome,
            reason=remote.reason,
            url=pull.url if pull else "",
            number=pull.number if pull else 0,
            branch=package.branch,
            head=head,
            submission_sha256=package.submission.sha256,
            release=package.tag,
            replaces=remote.releases.replaced_by(package.tag),
            notes=notes,
        )

    def withdraw(self, package: Package, report: Progress) -> Receipt:
        """Close this model's open pull request and delete its branch; whoever reads it sees that we did."""
        pull, branch_head = self._what_is_open(package)
        if pull is not None:
            self._forge.close_pull(pull.number, withdrawn(pull.body))
        # Looked at again: a branch that was not shown a moment ago must not be left behind.
        left = self._forge.head_of(package.branch) or branch_head
        if left is not None:
            own_commits(self._forge, package, self._targets.base, left)
            self._forge.delete_branch(package.branch)
        acted = pull is not None or left is not None
        return Receipt(
            stage="submit",
            board=self.name,
            outcome="closed" if acted else "unchanged",
            reason=held_instead(package.tag, pull.body if pull else "")
            if acted
            else "nothing of this model is open in the fork",
            url=pull.url if pull else "",
            number=pull.number if pull else 0,
            branch=package.branch,
            submission_sha256=package.submission.sha256,
            release=package.tag,
            replaces=other_release(package.tag, pull.body) if pull else "",
            notes=[f"deleted the branch {package.branch}"] if left is not None else [],
        )

    def _what_is_open(self, package: Package) -> tuple[PullFacts | None, str | None]:
        """Our open pull request and our branch's head. Raises BoardError where somebody else's work is on it."""
        if not self._forge.exists:
            refuse(fork_problems(self._forge, self._targets, 0))
        base, branch_head = self._forge.base_of(self._targets.base), self._forge.head_of(package.branch)
        if base is not None:
            self._targets = self._targets.with_base(base[0])
        if branch_head and base:
            own_commits(self._forge, package, base[0], branch_head)
        return self._own_pull(package), branch_head

    def _ready(self, package: Package, report: Progress) -> list[str]:
        """Make and sync the fork where that is asked for; returns what was done."""
        notes = []
        if self._makes_fork():
            notes.append(make_fork(self._forge, self._targets, self._pause, report))
            refuse(fork_problems(self._forge, self._targets, len(package.submission.files)))
        if self._targets.sync:
            base = self._forge.base_of(self._targets.base)
            notes.append(sync_fork(self._forge, base[0] if base else self._targets.base))
        for note in notes:
            report.note(f"submit: {note}")
        return notes

    def _told(self, remote: RemoteState, report: Progress) -> list[str]:
        """What a person should know of the fork: names that changed, a draft."""
        notes = [self._forge.renamed] if self._forge.renamed else []
        if remote.base != self._targets.base:
            notes.append(f"the branch {self._targets.base} is {remote.base} now; GitHub leads on from the old name")
        if remote.pull is not None and remote.pull.base != remote.base:
            notes.append(f"{remote.pull.url} goes into {remote.base} again; it was led to {remote.pull.base}")
        if remote.pull is not None and remote.pull.is_draft:
            notes.append(f"{remote.pull.url} is a draft: nothing is published until it is marked as ready for review")
        for note in notes:
            report.note(f"submit: {note}")
        return notes

    def _refuse_older(self, package: Package, remote: RemoteState) -> None:
        remote.releases.refuse(package.tag, remote.state, self._forge.repository, force=self._targets.force)

    # Looking

    def _look(self, package: Package) -> RemoteState:
        """Read everything `send` decides on. Raises BoardError when the branch or pull request is somebody else's."""
        there = self._forge.base_of(self._targets.base)
        if there is None:
            message = f"{self._forge.repository} has no branch {self._targets.base!r}"
            raise BaseMissingError(message, hint="--base names the branch the leaderboard uses")
        base, base_head = there
        branch_head = self._forge.head_of(package.branch)
        own = own_commits(self._forge, package, base, branch_head) if branch_head else []
        listed = self._forge.pulls("all")
        ours = [pull for pull in listed if pull.branch == package.branch and not pull.from_fork]
        pull = self._open_one(ours, base, package)
        closed = [past for past in ours if past.base == base and not past.is_open]
        named = marker(package.submission.sha256)
        base_blobs = self._forge.blobs_at(base_head, package.submission.folder)
        return RemoteState(
            base=base,
            base_head=base_head,
            branch_head=branch_head,
            # A branch without own commits is a left-over of something merged.
            blobs=self._forge.blobs_at(own[-1], package.submission.folder) if own else base_blobs,
            base_blobs=base_blobs,
            wanted=package.blobs(),
            pull=pull,
            past=None if pull else next((past for past in closed if named in past.body), None),
            merged=next((past for past in closed if past.is_merged), None),
            others=[other for other in listed if other != pull and self._is_stray(package, other)],
            texts_equal=pull is not None and same_texts(pull, package),
            missing=missing(self._forge, self._targets, pull),
        )

    def _open_one(self, ours: list[PullFacts], base: str, package: Package) -> PullFacts | None:
        """Our open pull request; one that somebody led to another base is still the one there is to be."""
        opened = [pull for pull in ours if pull.is_open]
        straight = next((pull for pull in opened if pull.base == base), None)
        if straight is not None:
            return self._checked(straight, package)
        return next((pull for pull in opened if ANY_MARKER in pull.body and self._forge.is_me(pull.author)), None)

    def _is_stray(self, package: Package, pull: PullFacts) -> bool:
        """Whether an open pull request is podium's for the same model, from another branch or into another base."""
        is_same = pull.title == package.submission.title and ANY_MARKER in pull.body
        return pull.is_open and not pull.from_fork and is_same and self._forge.is_me(pull.author)

    def _own_pull(self, package: Package) -> PullFacts | None:
        listed = self._forge.pulls("open")
        ours = [pull for pull in listed if pull.branch == package.branch and not pull.from_fork]
        return self._open_one(ours, self._targets.base, package)

    def _checked(self, pull: PullFacts, package: Package) -> PullFacts:
        if not self._forge.is_me(pull.author) and ANY_MARKER not in pull.body:
            message = f"pull request #{pull.number} from {package.branch} was opened by {pull.author}, not by podium"
            raise BoardError(message, hint=f"close {pull.url}, then run the same command again")
        return pull

    # Writing

    def _send_files(self, package: Package, remote: RemoteState, report: Progress) -> str:
        parents = [remote.branch_head] if remote.branch_head else []
        if not parents or self._forge.commits_beyond(parents[0], remote.base_head):
            parents.append(remote.base_head)
        folder = package.submission.folder
        # The tree of the last parent is built upon: what it has of our folder is kept, replaced or removed.
        present = self._forge.blobs_at(parents[-1], folder)
        self._send_blobs(package, remote, present, report)
        changes: dict[str, str | None] = {f"{folder}/{path}": None for path in present.keys() - remote.wanted.keys()}
        changes |= {f"{folder}/{path}": blob for path, blob in remote.wanted.items()}
        message = f"{package.submission.title}\n\n{TRAILER} {package.submission.sha256}\n"
        commit = self._again(lambda: self._forge.write_commit(parents, changes, message))
        self._move(package, remote, commit)
        return commit

    def _send_blobs(self, package: Package, remote: RemoteState, present: Mapping[str, str], report: Progress) -> None:
        there = {*present.values(), *remote.blobs.values()}
        missing = [file for file in package.submission.files if remote.wanted[file.path] not in there]
        report.start(f"submit {self._forge.repository}", len(missing), "files")
        for file in missing:
            data = package.read(file)
            blob = self._again(lambda data=data: self._forge.write_blob(data))  # type: ignore[misc]
            if blob != remote.wanted[file.path]:
                message = f"{self._forge.repository} stored {file.path} as {blob}, which is not what was sent"
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

    def _move(self, package: Package, remote: RemoteState, commit: str) -> None:
        try:
            if remote.branch_head is None:
                self._forge.create_branch(package.branch, commit)
            else:
                self._forge.advance_branch(package.branch, commit)
        except BoardUnreachableError:
            # The answer was lost; whether the branch moved is seen there.
            if self._forge.head_of(package.branch) != commit:
                raise

    def _open(self, package: Package, remote: RemoteState) -> PullFacts:
        title = package.submission.title
        try:
            return self._forge.open_pull(package.branch, remote.base, title, package.text)
        except (BoardUnreachableError, RefusedError) as err:
            if isinstance(err, RefusedError) and err.kind != "exists":
                raise
            # After a lost answer: look whether the pull request came to be.
            found = look_until_found(lambda: self._own_pull(package), self._pause)
            if found is None:
                raise
            return found

    def _edit(self, package: Package, remote: RemoteState) -> PullFacts | None:
        pull = remote.pull
        if pull is None:
            return None
        if remote.is_edited:
            self._forge.edit_pull(pull.number, package.submission.title, package.text, remote.base)
        return self._forge.pull(pull.number)

    def _announce(self, package: Package, remote: RemoteState, report: Progress) -> list[str]:
        """Say in the open pull request that another release takes its place, before anything of it changes."""
        pull, held = remote.pull, remote.takes_the_place_of(package.tag)
        if pull is None or not held:
            return []
        text = (
            f"The release `{package.tag}` takes the place of `{held}` in this pull request. "
            f"What it held until now: {pull.head}."
        )
        return tell(self._forge, pull.number, text, report)

    def _link(self, remote: RemoteState, pull: PullFacts, report: Progress) -> list[str]:
        """Link the new pull request with the merged one it follows, and close what it replaces."""
        notes, merged = [], remote.merged
        if remote.pull is None and merged is not None:
            text = f"This follows #{merged.number}, the release `{released_tag(merged.body)}`."
            notes += tell(self._forge, pull.number, text, report)
        for other in remote.others:
            notes += tell(self._forge, other.number, f"Superseded by #{pull.number}.", report)
            self._forge.close_pull(other.number, withdrawn(other.body))
        return notes


def require_fork_name(name: str) -> None:
    """Raises UsageError unless this can be the name of a repository on GitHub."""
    if not GITHUB_NAME.fullmatch(name):
        message = f"{name!r} is not the name of a GitHub repository"
        raise UsageError(message, hint="name it as OWNER/REPO: --fork, or `fork` below [submit] in podium.toml")


def same_texts(pull: PullFacts, package: Package) -> bool:
    """Whether the pull request shows our title and text; line ends and outer blanks may differ."""
    return pull.title == package.submission.title and plain(pull.body) == plain(package.text)
