"""What one open pull request of a Hub repository is to hold, its files and its text, and sending that there.

Opening is never repeated: after a lost answer it is looked for. What somebody closed is not opened again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from podium.boards.hub.repository import Hub, Proposal, RemoteFile
from podium.boards.pull_state import PullState, Releases, look_until_found
from podium.errors import BoardError, BoardUnreachableError
from podium.files import sha256_bytes, sha256_json
from podium.records import FileDigest, PlannedCall
from podium.submission.marks import TRAILER, marker, plain, withdrawn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class PullContent(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be sent: `files` lie below `folder`, `blobs` are git's names for them, `read` gives their bytes.

    With `owns_folder`, other files in it go away. `submission_sha256` is the approved digest that it comes from.
    """

    title: str
    text: str
    folder: str
    files: list[FileDigest]
    blobs: Mapping[str, str]
    read: Callable[[FileDigest], bytes]
    owns_folder: bool
    submission_sha256: str


class RemoteState(msgspec.Struct, frozen=True, kw_only=True):
    """What the repository shows now: our pull request if there is one, and which paths of the folder are not ours."""

    place: str
    proposal: Proposal | None
    rejected: Proposal | None
    merged: Proposal | None
    head: str
    changed: list[str]
    stale: list[str]
    text_equal: bool

    @property
    def files_equal(self) -> bool:
        """Whether the pull request, or without one the repository itself, holds exactly our files."""
        return not self.changed and not self.stale

    @property
    def state(self) -> PullState:
        """What decides."""
        return PullState(
            is_open=self.proposal is not None,
            is_current=self.files_equal and self.text_equal,
            is_held=self.files_equal,
            is_rejected=self.rejected is not None,
        )

    @property
    def reason(self) -> str:
        """Why nothing is sent, where that is not plain."""
        number = self.rejected.number if self.rejected else 0
        return self.state.reason(
            rejected=f"pull request {number} with exactly this submission was closed in {self.place}; "
            "reopen it to go on",
            held=f"{self.place} already holds exactly these files",
        )

    @property
    def releases(self) -> Releases:
        """The releases that are shown: in the open pull request, and in the last merged one."""
        return Releases.of([item.text for item in (self.proposal, self.merged) if item is not None])

    @property
    def digest(self) -> str:
        """SHA-256 over everything a plan was made for."""
        found = [msgspec.to_builtins(item) for item in (self.proposal, self.rejected, self.merged)]
        return sha256_json([self.head, found, self.changed, self.stale])

    @property
    def calls(self) -> list[str]:
        """The writes that sending would take."""
        if not self.state.writes:
            return []
        if self.proposal is None:
            return [f"POST commit/main?create_pr=1 with {len(self.changed)} files"]
        calls = []
        if not self.files_equal:
            count = len(self.changed) + len(self.stale)
            calls.append(f"POST commit/refs/pr/{self.proposal.number} with {count} files")
        if not self.text_equal:
            calls.append(f"POST discussions/{self.proposal.number}/comment/{self.proposal.comment}/edit")
        return calls

    def steps(self, content: PullContent) -> list[PlannedCall]:
        """The calls that carry content, each with the digest of what it carries."""
        if not self.state.writes:
            return []
        steps = [
            PlannedCall(call=f"commit {file.path}", size_bytes=file.size_bytes, sha256=file.sha256)
            for file in content.files
            if file.path in self.changed
        ]
        text = content.text.encode()
        told = PlannedCall(call="text", size_bytes=len(text), sha256=sha256_bytes(text))
        return steps if self.text_equal else [*steps, told]


class HubTarget:
    """One Hub repository that content is sent to."""

    def __init__(self, hub: Hub, pause: Callable[[float], None] = time.sleep) -> None:
        self._hub, self._pause = hub, pause

    @property
    def place(self) -> str:
        """The repository as sentences name it."""
        return self._hub.place

    @property
    def is_near(self) -> bool:
        """Whether the Hub is served on this machine."""
        return self._hub.is_near

    def look(self, content: PullContent) -> RemoteState:
        """Read everything `send` decides on. Raises BoardError for several open pull requests of ours."""
        named, own = marker(content.submission_sha256), self._hub.own_proposals(content.title)
        proposal = self._only_one([item for item in own if item.is_open])
        revision = f"refs/pr/{proposal.number}" if proposal else "main"
        remote = self._hub.files_at(revision, content.folder)
        closed = [item for item in own if not item.is_open and not item.is_merged and named in item.text]
        ours = {file.path for file in content.files}
        return RemoteState(
            place=self.place,
            proposal=proposal,
            rejected=closed[0] if closed else None,
            merged=next((item for item in own if item.is_merged), None),
            head=self._hub.head_of(revision),
            changed=[file.path for file in content.files if not _holds(remote, file, content.blobs[file.path])],
            stale=sorted(remote.keys() - ours) if content.owns_folder else [],
            text_equal=proposal is not None and plain(content.text) == plain(proposal.text),
        )

    def send(self, content: PullContent, remote: RemoteState) -> Proposal | None:
        """Do what the state decides; returns our open pull request. Raises BoardError and its kinds."""
        proposal, outcome = remote.proposal, remote.state.outcome
        if outcome == "created":
            return self._create(content, remote)
        if proposal is not None and outcome == "updated":
            self._update(content, remote, proposal)
        return proposal

    def take_back(self, title: str) -> Proposal | None:
        """Close our open pull request with this title; returns it as it was."""
        proposal = self.open_one(title)
        if proposal is not None:
            self._hub.edit_text(proposal, withdrawn(proposal.text))
            self._hub.close(proposal)
        return proposal

    def open_one(self, title: str) -> Proposal | None:
        """Our open pull request with this title. Raises BoardError for several."""
        return self._only_one([item for item in self._hub.own_proposals(title) if item.is_open])

    def require(self) -> None:
        """Raises BoardError and its kinds if the repository cannot be looked at."""
        self._hub.head_of("main")

    @property
    def renamed(self) -> str:
        """The sentence about a repository that has another name now; or nothing."""
        return self._hub.renamed

    @property
    def repository(self) -> str:
        """OWNER/NAME, as the Hub answers it once it was asked."""
        return self._hub.repository

    def _only_one(self, proposals: list[Proposal]) -> Proposal | None:
        if len(proposals) > 1:
            listed = ", ".join(str(proposal.number) for proposal in proposals)
            message = f"{self.place} has several open pull requests for this model: {listed}"
            raise BoardError(message, hint="close all but one there, then run the same command again")
        return proposals[0] if proposals else None

    def _create(self, content: PullContent, remote: RemoteState) -> Proposal:
        lost: BoardUnreachableError | None = None
        try:
            self._hub.open_proposal(_changes(content, remote), content.title, content.text)
        except BoardUnreachableError as err:
            lost = err  # it may have landed all the same
        found = look_until_found(lambda: self.open_one(content.title), self._pause)
        if found is not None:
            return found
        if lost is not None:
            raise lost
        message = f"{self.place} took the files but shows no pull request"
        raise BoardError(message, hint="look at its Community tab, then run the same command again")

    def _update(self, content: PullContent, remote: RemoteState, proposal: Proposal) -> None:
        if not remote.files_equal:
            message = f"{TRAILER} {content.submission_sha256}"
            self._hub.commit_to(proposal, _changes(content, remote), message, remote.head)
        if not remote.text_equal:
            self._hub.edit_text(proposal, content.text)


def _holds(remote: Mapping[str, RemoteFile], file: FileDigest, blob: str) -> bool:
    """Whether the Hub has exactly this file, as git holds it or as a large file."""
    found = remote.get(file.path)
    if found is None:
        return False
    return found.sha256 == file.sha256 if found.sha256 else found.blob == blob


def _changes(content: PullContent, remote: RemoteState) -> dict[str, bytes | None]:
    changes: dict[str, bytes | None] = {f"{content.folder}/{path}": None for path in remote.stale}
    sent = [file for file in content.files if file.path in remote.changed]
    return changes | {f"{content.folder}/{file.path}": content.read(file) for file in sent}
