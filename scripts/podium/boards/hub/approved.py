"""Boards on the Hub that take the approved submission: nothing is sent that was not approved in the fork.

Reads a run directory with submit.json, the fork's pull request and its reviews. Writes one pull request on the Hub.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

from podium.boards.fork.forge import Forge
from podium.boards.hub.approval import approved_pull
from podium.boards.hub.pull_content import HubTarget
from podium.boards.hub.repository import Hub
from podium.boards.pull_state import held_instead, other_release
from podium.errors import ApprovalError, OlderReleaseError, RecordError, UsageError
from podium.files import sha256_json
from podium.names import HUB_NAME
from podium.records import Receipt, SendPlan, read_record
from podium.run_directory import SUBMIT_RECEIPT
from podium.submission.package import Package, pack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from podium.boards.fork.facts import PullFacts
    from podium.boards.hub.pull_content import PullContent, RemoteState
    from podium.boards.hub.repository import Kind
    from podium.boards.seam import Clients, Targets
    from podium.progress import Progress
    from podium.records import Finding


class ApprovedBoard(ABC):
    """Base of the boards on the Hub: a subclass says which repository, and what is sent to it."""

    name = ""
    kind: Kind = "space"

    def __init__(self, targets: Targets, clients: Clients, pause: Callable[[float], None] = time.sleep) -> None:
        self._targets, self._clients, self._pause = targets, clients, pause
        self._hub_targets: dict[str, HubTarget] = {}

    @abstractmethod
    def repository(self, package: Package) -> str:
        """OWNER/NAME of the Hub repository."""

    @abstractmethod
    def content(self, package: Package, evidence: str) -> PullContent:
        """What is to stand there; `evidence` is the address of the pull request in the fork."""

    @cached_property
    def _forge(self) -> Forge:
        return Forge(self._clients.github(), self._targets.fork, self._pause)

    def _hub_target(self, package: Package) -> HubTarget:
        name = self.repository(package)
        if not HUB_NAME.fullmatch(name):
            message = f"{name!r} is not the name of a repository on the Hub"
            raise UsageError(message, hint="names are OWNER/NAME, of letters, digits, dot, dash and underscore")
        if name not in self._hub_targets:  # one client, one token exchange and one look at whose token it is
            client = self._clients.hub(f"spaces/{name}" if self.kind == "space" else name)
            self._hub_targets[name] = HubTarget(Hub(client, name, self.kind, self._pause), self._pause)
        return self._hub_targets[name]

    def prepare(self, run_dir: Path) -> Package:
        """Read and prove what would be sent."""
        return pack(run_dir)

    def problems(self, package: Package) -> list[Finding]:
        """None that is worth going on for: no approval, no token and no repository are raised. Raises ApprovalError."""
        target = self._hub_target(package)
        if problems := package.profile_problems(target.place, is_near=target.is_near and self._forge.is_near):
            return problems
        self._approved(package)
        target.require()
        return []

    def _approved(self, package: Package) -> PullFacts:
        try:
            receipt = read_record(package.run_dir / SUBMIT_RECEIPT, Receipt)
        except RecordError as err:
            message = f"{package.run_dir} was not submitted to the fork yet: {err}"
            hint = "podium submit RUN_DIR opens the pull request; a reviewer approves it there"
            raise ApprovalError(message, hint=hint) from err
        return approved_pull(self._forge, receipt, package)

    def outlook(self, package: Package) -> SendPlan:
        """What `send` would do."""
        content, target = self.content(package, _submitted_url(package)), self._hub_target(package)
        remote = target.look(content)
        problems: list[str] = []
        try:
            self._refuse_older(package, remote)
        except OlderReleaseError as err:
            problems = [str(err)]
        return SendPlan(
            board=self.name,
            target=target.repository,
            branch=f"refs/pr/{remote.proposal.number}" if remote.proposal else "",
            title=content.title,
            files=content.files,
            submission_sha256=package.submission.sha256,
            body_sha256=package.submission.body_sha256,
            outcome=remote.state.outcome,
            reason=remote.reason,
            url=remote.proposal.url if remote.proposal else "",
            release=package.tag,
            replaces=remote.releases.replaced_by(package.tag),
            world_sha256=remote.digest,
            calls=remote.calls,
            steps=remote.steps(content),
            problems=problems,
        )

    def _refuse_older(self, package: Package, remote: RemoteState) -> None:
        remote.releases.refuse(package.tag, remote.state, remote.place, force=self._targets.force)

    def withdrawal(self, package: Package) -> SendPlan:
        """What `withdraw` would close, by name."""
        target = self._hub_target(package)
        content = self.content(package, _submitted_url(package))
        target.require()
        proposal = target.open_one(content.title)
        calls = [f"POST discussions/{proposal.number}/comment/{proposal.comment}/edit"] if proposal else []
        return SendPlan(
            board=self.name,
            target=target.repository,
            branch=f"refs/pr/{proposal.number}" if proposal else "",
            title=proposal.title if proposal else content.title,
            files=[],
            submission_sha256=package.submission.sha256,
            body_sha256=package.submission.body_sha256,
            outcome="closed" if proposal else "unchanged",
            reason=held_instead(package.tag, proposal.text) if proposal else "",
            url=proposal.url if proposal else "",
            release=package.tag,
            world_sha256=sha256_json([proposal.number, proposal.text] if proposal else []),
            calls=[*calls, f"POST discussions/{proposal.number}/status closed"] if proposal else [],
        )

    def send(self, package: Package, report: Progress) -> Receipt:
        """Bring the Hub to hold what was approved in one open pull request. Raises ApprovalError, BoardError."""
        # Asked again, right before the first write: an approval can be withdrawn at any time.
        content, target = self.content(package, self._approved(package).url), self._hub_target(package)
        remote = target.look(content)
        self._refuse_older(package, remote)
        notes = [note for note in (self._forge.renamed, target.renamed) if note]
        for note in notes:
            report.note(f"publish: {note}")
        if remote.calls:
            report.note(f"publish: sending {len(remote.changed)} files to {remote.place}")
        proposal = target.send(content, remote)
        return Receipt(
            stage="publish",
            board=self.name,
            outcome=remote.state.outcome,
            reason=remote.reason,
            url=proposal.url if proposal else "",
            number=proposal.number if proposal else 0,
            branch=f"refs/pr/{proposal.number}" if proposal else "",
            submission_sha256=package.submission.sha256,
            release=package.tag,
            replaces=remote.releases.replaced_by(package.tag),
            notes=notes,
        )

    def withdraw(self, package: Package, report: Progress) -> Receipt:
        """Close this model's open pull request on the Hub."""
        target = self._hub_target(package)
        proposal = target.take_back(self.content(package, _submitted_url(package)).title)
        return Receipt(
            stage="publish",
            board=self.name,
            outcome="closed" if proposal else "unchanged",
            reason=held_instead(package.tag, proposal.text)
            if proposal
            else f"nothing of this model is open in {target.place}",
            url=proposal.url if proposal else "",
            number=proposal.number if proposal else 0,
            branch=f"refs/pr/{proposal.number}" if proposal else "",
            submission_sha256=package.submission.sha256,
            release=package.tag,
            replaces=other_release(package.tag, proposal.text) if proposal else "",
        )


def _submitted_url(package: Package) -> str:
    """Where the fork's pull request is, for looking ahead; `send` takes it from the approved one itself."""
    path = package.run_dir / SUBMIT_RECEIPT
    return read_record(path, Receipt).url if path.exists() else ""
