"""One repository on the Hugging Face Hub as the boards see it: a folder at a revision, and its Community tab.

Every failure is a BoardError or one of its kinds. Which call to make, and when, is decided elsewhere.
"""

from __future__ import annotations

import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from podium.boards.answers import hub_answers, patiently
from podium.errors import BoardError
from podium.tokens import is_on_this_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

Kind = Literal["space", "model"]
CALLED: dict[Kind, str] = {"space": "the Space", "model": "the model repository"}


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A pull request of the Community tab; `comment` is the id of its first comment, which holds its text."""

    number: int
    url: str
    title: str
    text: str
    comment: str
    is_open: bool
    is_merged: bool
    former_titles: tuple[str, ...] = ()


class RemoteFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file on the Hub: git's name of what git holds, and the SHA-256 of the content if that is a large file."""

    blob: str
    sha256: str
    size_bytes: int = 0


class Hub:
    """A Space or model repository behind a client."""

    def __init__(self, client: HfApi, repository: str, kind: Kind, pause: Callable[[float], None] = time.sleep) -> None:
        self._client, self._pause, self._kind = client, pause, kind
        self.repository = self._named = repository

    @property
    def is_near(self) -> bool:
        """Whether its API is served on this machine."""
        return is_on_this_machine(self._client.endpoint)

    def _answers(self, doing: str) -> AbstractContextManager[None]:
        return hub_answers(doing, str(self._client.token or ""))

    @property
    def place(self) -> str:
        """The repository as sentences name it."""
        return f"{CALLED[self._kind]} {self.repository}"

    def _write(self, doing: str, call: Callable[[], object]) -> None:
        def once() -> None:
            with self._answers(doing):
                call()

        patiently(once, self._pause)

    @cached_property
    def login(self) -> str:
        """The account of the token."""
        with self._answers("ask the Hub whose token this is"):
            return str(self._client.whoami()["name"])

    def head_of(self, revision: str) -> str:
        """The last commit of a revision. Raises RefusedError `missing`."""
        with self._answers(f"look at {revision} of {self.place}"):
            found = self._client.repo_info(self.repository, repo_type=self._kind, revision=revision)
        # The Hub leads on from an earlier name; calls that write go to the name it answers.
        self.repository = found.id or self.repository
        return str(found.sha)

    @property
    def renamed(self) -> str:
        """The sentence about a repository that has another name than the one it was looked for by; or nothing."""
        if self.repository.lower() == self._named.lower():
            return ""
        return f"{CALLED[self._kind]} {self._named} is {self.repository} now; the Hub leads on from the old name"

    def files_at(self, revision: str, folder: str) -> dict[str, RemoteFile]:
        """All files of a folder at a revision, by path below it; empty if there is no such folder."""
        from huggingface_hub import RepoFile
        from huggingface_hub.errors import EntryNotFoundError

        with self._answers(f"list {folder} of {self.place}"):
            try:
                listed = list(
                    self._client.list_repo_tree(
                        self.repository, folder, recursive=True, revision=revision, repo_type=self._kind
                    )
                )
            except EntryNotFoundError:
                return {}
        return {
            entry.path.removeprefix(f"{folder}/"): RemoteFile(
                blob=entry.blob_id, sha256=entry.lfs.sha256 if entry.lfs else "", size_bytes=entry.size
            )
            for entry in listed
            if isinstance(entry, RepoFile)
        }

    def download(self, revision: str, path: str, folder: Path) -> Path:
        """Fetch one file of a revision to `folder`/`path`; returns where it is."""
        with self._answers(f"fetch {path} of {self.place}"):
            return Path(
                self._client.hf_hub_download(
                    self.repository, path, repo_type=self._kind, revision=revision, local_dir=folder
                )
            )

    def own_proposals(self, title: str) -> list[Proposal]:
        """This account's pull requests that were opened with this title, newest first; people may have changed it."""
        with self._answers(f"list the pull requests of {self.place}"):
            found = list(
                self._client.get_repo_discussions(
                    self.repository, repo_type=self._kind, author=self.login, discussion_type="pull_request"
                )
            )
        # Filtered here once more: a filter that the server ignores must not hit somebody else's.
        own = [item for item in found if item.is_pull_request and item.author == self.login]
        listed = [self.proposal(item.num) for item in own if item.title == title]
        if not any(proposal.is_open for proposal in listed):
            others = [self.proposal(item.num) for item in own if item.title != title]
            listed += [proposal for proposal in others if title in proposal.former_titles]
        return sorted(listed, key=lambda proposal: proposal.number, reverse=True)

    def proposal(self, number: int) -> Proposal:
        """One pull request with its text."""
        from huggingface_hub import DiscussionComment
        from huggingface_hub.community import DiscussionTitleChange

        with self._answers(f"look at pull request {number} of {self.place}"):
            details = self._client.get_discussion_details(self.repository, number, repo_type=self._kind)
        comments = [event for event in details.events if isinstance(event, DiscussionComment)]
        return Proposal(
            number=details.num,
            url=details.url,
            title=details.title,
            text=comments[0].content if comments else "",
            comment=comments[0].id if comments else "",
            is_open=details.status in {"open", "draft"},
            is_merged=details.status == "merged",
            former_titles=tuple(
                event.old_title for event in details.events if isinstance(event, DiscussionTitleChange)
            ),
        )

    def open_proposal(self, changes: Mapping[str, bytes | None], title: str, text: str) -> None:
        """Commit `changes` (path to bytes; None deletes) as a new pull request."""
        self._write(
            f"open a pull request in {self.place}",
            lambda: self._client.create_commit(
                self.repository,
                _operations(changes),
                commit_message=title,
                commit_description=text,
                repo_type=self._kind,
                create_pr=True,
            ),
        )

    def commit_to(self, proposal: Proposal, changes: Mapping[str, bytes | None], message: str, parent: str) -> None:
        """Commit `changes` to a pull request whose head is `parent`. Raises RefusedError `moved` if it is not."""
        self._write(
            f"update pull request {proposal.number} of {self.place}",
            lambda: self._client.create_commit(
                self.repository,
                _operations(changes),
                commit_message=message,
                repo_type=self._kind,
                revision=f"refs/pr/{proposal.number}",
                parent_commit=parent,
            ),
        )

    def edit_text(self, proposal: Proposal, text: str) -> None:
        """Replace the text of a pull request."""
        if not proposal.comment:
            message = f"{proposal.url} has no first comment to hold its text"
            raise BoardError(message, hint="close it there, then run the same command again")
        self._write(
            f"edit pull request {proposal.number} of {self.place}",
            lambda: self._client.edit_discussion_comment(
                self.repository, proposal.number, proposal.comment, text, repo_type=self._kind
            ),
        )

    def close(self, proposal: Proposal) -> None:
        """Close a pull request."""
        self._write(
            f"close pull request {proposal.number} of {self.place}",
            lambda: self._client.change_discussion_status(
                self.repository, proposal.number, "closed", repo_type=self._kind
            ),
        )


def _operations(changes: Mapping[str, bytes | None]) -> list[CommitOperationAdd | CommitOperationDelete]:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    return [
        CommitOperationDelete(path) if data is None else CommitOperationAdd(path, data)
        for path, data in sorted(changes.items())
    ]
