"""The board `space`: the approved submission as one pull request in the Community tab of the leaderboard's Space.

Nothing is sent that was not approved in the fork, byte for byte; a second pull request is never opened.
"""

from __future__ import annotations

import re
import time
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from podium.boards.approval import approved_pull
from podium.boards.forge import TRAILER, Forge, PullFacts, plain
from podium.boards.hub import Hub, Proposal, RemoteFile
from podium.boards.package import Package, pack
from podium.boards.releases import refuse_older, released_tag
from podium.boards.submission import marker, withdrawn
from podium.errors import (
    ApprovalError,
    BoardError,
    BoardUnreachableError,
    OlderReleaseError,
    RecordError,
    UsageError,
)
from podium.files import sha256_bytes, sha256_json
from podium.records import PlannedCall, Receipt, SendPlan, read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from podium.boards import Clients, Targets
    from podium.progress import Report
    from podium.records import Finding

LOOKS = 4
PAUSE_SECONDS = 2.0
SPACE_NAME = re.compile(r"[A-Za-z0-9._-]{1,96}/[A-Za-z0-9._-]{1,96}")


class SpaceSituation(msgspec.Struct, frozen=True, kw_only=True):
    """What the Space holds now: our pull request if there is one, and which paths of its folder differ from ours."""

    proposal: Proposal | None
    rejected: Proposal | None
    merged: Proposal | None
    head: str
    changed: list[str]
    stale: list[str]
    text_equal: bool

    @property
    def files_equal(self) -> bool:
        """Whether the pull request, or without one the Space itself, holds exactly our files."""
        return not self.changed and not self.stale

    @property
    def outcome(self) -> Literal["created", "updated", "unchanged", "skipped"]:
        """What sending would come to."""
        if self.proposal is not None:
            return "unchanged" if self.files_equal and self.text_equal else "updated"
        if self.files_equal:
            return "unchanged"
        return "skipped" if self.rejected else "created"

    @property
    def reason(self) -> str:
        """Why nothing is sent, where that is not plain."""
        if self.outcome == "skipped" and self.rejected is not None:
            return f"pull request {self.rejected.number} with exactly this submission was closed by the Space"
        if self.outcome == "unchanged" and self.proposal is None:
            return "the Space already holds exactly these files"
        return ""

    @property
    def releases(self) -> list[str]:
        """The releases the Space holds: in the open pull request, and in the last merged one."""
        return [tag for item in (self.proposal, self.merged) if item is not None and (tag := released_tag(item.text))]

    @property
    def digest(self) -> str:
        """SHA-256 over everything a plan was made for."""
        found = [msgspec.to_builtins(item) for item in (self.proposal, self.rejected, self.merged)]
        return sha256_json([self.head, found, self.changed, self.stale])


class SpaceBoard:
    """The leaderboard's Space, fed from the approved pull request in the fork."""

    name = "space"

    def __init__(self, targets: Targets, clients: Clients, pause: Callable[[float], None] = time.sleep) -> None:
        if not SPACE_NAME.fullmatch(targets.space):
            message = f"{targets.space!r} is not the name of a Space"
            raise UsageError(message, hint="name it as OWNER/NAME: --space, or `space` below [publish] in podium.toml")
        self._targets, self._clients, self._pause = targets, clients, pause

    @cached_property
    def _forge(self) -> Forge:
        return Forge(self._clients.github(), self._targets.fork, self._pause)

    @cached_property
    def _hub(self) -> Hub:
        return Hub(self._clients.hub(), self._targets.space, self._pause)

    def prepare(self, run_dir: Path) -> Package:
        """Read and prove what would be sent."""
        return pack(run_dir)

    def problems(self, package: Package) -> list[Finding]:
        """None that is worth going on for: no approval, no token and no Space are raised. Raises ApprovalError."""
        self._approved(package)
        self._hub.head_of("main")
        return []

    def _approved(self, package: Package) -> PullFacts:
        try:
            receipt = read_record(package.run_dir / "submit.json", Receipt)
        except RecordError as err:
            message = f"{package.run_dir} was not submitted to the fork yet: {err}"
            hint = "podium submit RUN_DIR opens the pull request; a reviewer approves it there"
            raise ApprovalError(message, hint=hint) from err
        return approved_pull(self._forge, receipt, package)

    def outlook(self, package: Package) -> SendPlan:
        """What `send` would do."""
        situation = self._look(package)
        problems: list[str] = []
        try:
            self._refuse_older(package, situation)
        except OlderReleaseError as err:
            problems = [str(err)]
        return SendPlan(
            board=self.name,
            target=self._hub.space,
            branch=f"refs/pr/{situation.proposal.number}" if situation.proposal else "",
            title=package.submission.title,
            files=package.submission.files,
            submission_sha256=package.submission.sha256,
            body_sha256=package.submission.body_sha256,
            outcome=situation.outcome,
            reason=situation.reason,
            url=situation.proposal.url if situation.proposal else "",
            release=package.tag,
            replaces=self._replaces(package, situation),
            world_sha256=situation.digest,
            calls=self._calls(situation),
            steps=self._steps(package, situation),
            problems=problems,
        )

    def _refuse_older(self, package: Package, situation: SpaceSituation) -> None:
        if situation.outcome != "unchanged":
            where = f"the Space {self._targets.space}"
            refuse_older(package.tag, situation.releases, where, force=self._targets.force)

    @staticmethod
    def _replaces(package: Package, situation: SpaceSituation) -> str:
        return next((tag for tag in situation.releases if tag != package.tag), "")

    def _steps(self, package: Package, situation: SpaceSituation) -> list[PlannedCall]:
        if situation.outcome in {"unchanged", "skipped"}:
            return []
        sent = [file for file in package.submission.files if file.path in situation.changed]
        steps = [
            PlannedCall(call=f"commit {file.path}", size_bytes=file.size_bytes, sha256=file.sha256) for file in sent
        ]
        text = package.text.encode()
        told = PlannedCall(call="text", size_bytes=len(text), sha256=sha256_bytes(text))
        return steps if situation.text_equal else [*steps, told]

    def _calls(self, situation: SpaceSituation) -> list[str]:
        if situation.outcome in {"unchanged", "skipped"}:
            return []
        if situation.proposal is None:
            return [f"POST commit/main?create_pr=1 with {len(situation.changed)} files"]
        calls = []
        if not situation.files_equal:
            count = len(situation.changed) + len(situation.stale)
            calls.append(f"POST commit/refs/pr/{situation.proposal.number} with {count} files")
        if not situation.text_equal:
            calls.append(f"POST discussions/{situation.proposal.number}/comment/{situation.proposal.comment}/edit")
        return calls

    def send(self, package: Package, report: Report) -> Receipt:
        """Bring the Space to hold the approved submission in one open pull request. Raises ApprovalError."""
        # Asked again, right before the first write: an approval can be withdrawn at any time.
        self._approved(package)
        situation = self._look(package)
        self._refuse_older(package, situation)
        proposal = situation.proposal
        if situation.outcome == "created":
            proposal = self._create(package, situation, report)
        elif proposal is not None and situation.outcome == "updated":
            self._update(package, situation, proposal)
        return Receipt(
            stage="publish",
            board=self.name,
            outcome=situation.outcome,
            reason=situation.reason,
            url=proposal.url if proposal else "",
            number=proposal.number if proposal else 0,
            branch=f"refs/pr/{proposal.number}" if proposal else "",
            submission_sha256=package.submission.sha256,
            release=package.tag,
            replaces=self._replaces(package, situation),
        )

    def withdraw(self, package: Package, report: Report) -> Receipt:
        """Close this model's open pull request in the Space."""
        own = self._hub.own_proposals(package.submission.title)
        proposal = self._only_one([item for item in own if item.is_open])
        if proposal is not None:
            self._hub.edit_text(proposal, withdrawn(proposal.text))
            self._hub.close(proposal)
        return Receipt(
            stage="publish",
            board=self.name,
            outcome="closed" if proposal else "unchanged",
            reason="" if proposal else "nothing of this model is open in the Space",
            url=proposal.url if proposal else "",
            number=proposal.number if proposal else 0,
            submission_sha256=package.submission.sha256,
            release=package.tag,
        )

    def _look(self, package: Package) -> SpaceSituation:
        folder, named = package.submission.folder, marker(package.submission.sha256)
        own = self._hub.own_proposals(package.submission.title)
        proposal = self._only_one([item for item in own if item.is_open])
        revision = f"refs/pr/{proposal.number}" if proposal else "main"
        remote = self._hub.files_at(revision, folder)
        closed = [item for item in own if not item.is_open and not item.is_merged and named in item.text]
        return SpaceSituation(
            proposal=proposal,
            rejected=closed[0] if closed else None,
            merged=next((item for item in own if item.is_merged), None),
            head=self._hub.head_of(revision),
            changed=[path for path, blob in package.blobs().items() if not self._holds(remote, package, path, blob)],
            stale=sorted(remote.keys() - {file.path for file in package.submission.files}),
            text_equal=proposal is not None and plain(package.text) == plain(proposal.text),
        )

    def _only_one(self, proposals: list[Proposal]) -> Proposal | None:
        if len(proposals) > 1:
            listed = ", ".join(str(proposal.number) for proposal in proposals)
            message = f"the Space {self._hub.space} has several open pull requests for this model: {listed}"
            raise BoardError(message, hint="close all but one there, then run the same command again")
        return proposals[0] if proposals else None

    @staticmethod
    def _holds(remote: Mapping[str, RemoteFile], package: Package, path: str, blob: str) -> bool:
        """Whether the Hub has exactly this file, as git holds it or as a large file."""
        if path not in remote:
            return False
        found = remote[path]
        if found.sha256:
            return found.sha256 == next(file.sha256 for file in package.submission.files if file.path == path)
        return found.blob == blob

    def _changes(self, package: Package, situation: SpaceSituation) -> dict[str, bytes | None]:
        folder, digests = package.submission.folder, {file.path: file for file in package.submission.files}
        changes: dict[str, bytes | None] = {f"{folder}/{path}": None for path in situation.stale}
        return changes | {f"{folder}/{path}": package.read(digests[path]) for path in situation.changed}

    def _create(self, package: Package, situation: SpaceSituation, report: Report) -> Proposal:
        changes = self._changes(package, situation)
        report.note(f"publish: sending {len(changes)} files to the Space {self._hub.space}")
        lost: BoardUnreachableError | None = None
        try:
            self._hub.open_proposal(changes, package.submission.title, package.text)
        except BoardUnreachableError as err:
            lost = err  # it may have landed all the same
        found = self._wait_for_proposal(package)
        if found is not None:
            return found
        if lost is not None:
            raise lost
        message = f"the Space {self._hub.space} took the files but shows no pull request"
        raise BoardError(message, hint="look at its Community tab, then run the same command again")

    def _wait_for_proposal(self, package: Package) -> Proposal | None:
        """Look for our pull request, a few times: a fresh one may be listed late. Opening is never repeated."""
        for look in range(LOOKS):
            if look:
                self._pause(PAUSE_SECONDS)
            own = self._hub.own_proposals(package.submission.title)
            proposal = self._only_one([item for item in own if item.is_open])
            if proposal is not None:
                return proposal
        return None

    def _update(self, package: Package, situation: SpaceSituation, proposal: Proposal) -> None:
        if not situation.files_equal:
            message = f"{TRAILER} {package.submission.sha256}"
            self._hub.commit_to(proposal, self._changes(package, situation), message, situation.head)
        if not situation.text_equal:
            self._hub.edit_text(proposal, package.text)
