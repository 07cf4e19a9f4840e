"""Web pages for people: a pull request as plain text, a file's bytes, and a list of everything."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING

from podium.standin.exchange import Refusal, Reply
from podium.standin.github.pulls import pull_of, start_of
from podium.standin.github.repositories import repository_of
from podium.standin.hub.discussions import discussion_numbered
from podium.standin.hub.files import hub_of, hub_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.standin.exchange import Request
    from podium.standin.gitstore import GitRepository
    from podium.standin.state import Store

TEXT = "text/plain; charset=utf-8"


def _page(*blocks: str) -> Reply:
    return Reply(200, ("\n\n".join(block for block in blocks if block) + "\n").encode(), content_type=TEXT)


def _changes(git: GitRepository, old: str, new: str) -> str:
    lines = []
    for before, after, added, removed in git.diff(old, new):
        entry = after or before
        word = "added" if before is None else "removed" if after is None else "changed"
        lines.append(f"  {word:8}{entry.path if entry else ''}  +{added} -{removed}")
    return "\n".join([f"Files changed: {len(lines)}", *lines])


class Pages:
    """The routes, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[tuple[str, str, Callable[[Request], Reply]]]:
        """Rows for the router."""
        return [
            ("GET", "/", self.index),
            ("GET", "/{owner}/{name}/pull/{number}", self.pull),
            ("GET", "/{owner}/{name}/raw/{ref}/{path*}", self.file),
            ("GET", "/{owner}/{name}/blob/{ref}/{path*}", self.file),
            ("GET", "/{kinds}/{owner}/{name}/discussions/{number}", self.discussion),
            ("GET", "/{owner}/{name}/discussions/{number}", self.discussion),
        ]

    def index(self, request: Request) -> Reply:
        """All repositories with their pull requests."""
        lines = ["A stand-in for the GitHub and Hub APIs. Nothing here is real."]
        for repository in self._store.state.repositories.values():
            fork = f" (fork of {repository.parent})" if repository.parent else ""
            lines.append(f"GitHub repository {repository.full_name}{fork}")
            page = f"{request.base}/{repository.full_name}/pull"
            lines += [f"  {page}/{pull.number}  {pull.state}  {pull.title}" for pull in repository.pulls]
        for hub in self._store.state.hub.values():
            lines.append(f"Hub {hub.kind} {hub.id}")
            page = f"{hub_page(request, hub)}/discussions"
            lines += [f"  {page}/{item.number}  {item.status}  {item.title}" for item in hub.discussions]
        return _page("\n".join(lines))

    def pull(self, request: Request) -> Reply:
        """A GitHub pull request."""
        repository, pull = pull_of(self._store, request)
        git = self._store.git(repository)
        state = "merged" if pull.merged_at else "draft" if pull.draft and pull.state == "open" else pull.state
        facts = [
            f"{pull.title} #{pull.number}",
            f"State: {state}",
            f"{pull.author} wants to merge {pull.head_repository.split('/')[0]}:{pull.head} "
            f"({pull.head_sha[:12]}) into {repository.owner}:{pull.base}",
        ]
        if pull.labels:
            facts.append(f"Labels: {', '.join(pull.labels)}")
        talk = [f"{review.author} ({review.state.lower()}): {review.body}".rstrip(": ") for review in pull.reviews]
        talk += [f"{comment.author}: {comment.body}" for comment in pull.comments]
        changes = _changes(git, start_of(git, pull), pull.head_sha)
        return _page("\n".join(facts), pull.body or "", changes, *talk)

    def file(self, request: Request) -> Reply:
        """A file of a GitHub repository, so that pictures and links in a pull request body work."""
        git = self._store.git(repository_of(self._store, request))
        commit = git.commit_of(request.parts["ref"])
        entry = git.find(commit, request.parts["path"]) if commit else None
        if entry is None or entry.kind != "blob":
            raise Refusal(404, "Not Found")
        kind = mimetypes.guess_type(entry.path)[0] or TEXT
        return Reply(200, git.read_blob(entry.sha), content_type=kind)

    def discussion(self, request: Request) -> Reply:
        """A Hub discussion or pull request."""
        repository = hub_of(self._store, request)
        discussion = discussion_numbered(repository, request.parts["number"])
        kind = "pull request" if discussion.is_pull_request else "discussion"
        facts = [f"{discussion.title} #{discussion.number}", f"State: {discussion.status} {kind}"]
        facts.append(f"{discussion.author} opened it on {repository.id}")
        comments = [event for event in discussion.events if event.type == "comment"]
        texts = [event.data["latest"]["raw"] for event in comments[:1]]
        talk = [f"{event.author}: {event.data['latest']['raw']}" for event in comments[1:]]
        changes = ""
        if discussion.is_pull_request:
            git = self._store.hub_git(repository)
            head, main = git.ref(f"refs/pr/{discussion.number}") or "", git.ref("refs/heads/main") or ""
            changes = _changes(git, git.merge_base(main, head) or main, head)
        return _page("\n".join(facts), *texts, changes, *talk)
