"""Hub routes of the Community tab: discussions and pull requests with their events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from podium.standin.exchange import Refusal, Reply
from podium.standin.hub.files import hub_of, hub_user, is_writer
from podium.standin.hub.repositories import API
from podium.standin.state import Discussion, Event, signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.standin.exchange import Json, Request
    from podium.standin.state import HubState, Store
    from podium.standin.world import User

DISCUSSION = f"{API}/discussions/{{number}}"
PAGE = 50
TITLE = (3, 200)


class NewDiscussion(msgspec.Struct, rename="camel"):
    """Body of POST discussions."""

    title: str
    description: str = ""
    pull_request: bool = False


class NewComment(msgspec.Struct):
    """Body of POST comment; a merge carries one too."""

    comment: str = ""


class NewTitle(msgspec.Struct):
    """Body of POST title."""

    title: str


class NewStatus(msgspec.Struct):
    """Body of POST status."""

    status: Literal["open", "closed"]
    comment: str | None = None


class NewContent(msgspec.Struct):
    """Body of POST comment/{id}/edit."""

    content: str


def new_event(store: Store, kind: str, author: str, data: dict[str, Any]) -> Event:
    """An event with a new id, now."""
    return Event(id=f"{store.new_id():024x}", type=kind, author=author, created_at=store.now(), data=data)


def new_comment(store: Store, author: str, text: str) -> Event:
    """A comment event."""
    latest = {"raw": text, "html": text, "updatedAt": store.now(), "author": {"name": author}}
    data = {"edited": False, "hidden": False, "latest": latest, "numEdits": 0, "history": []}
    return new_event(store, "comment", author, data)


def check_title(title: str) -> None:
    """Refuse a title that is too short or too long."""
    if not TITLE[0] <= len(title.strip()) <= TITLE[1]:
        raise Refusal(400, f"title must have between {TITLE[0]} and {TITLE[1]} characters")


def open_discussion(repository: HubState, author: str, title: str, description: str, store: Store) -> Discussion:
    """A discussion with the next number, its description as first comment; not yet listed."""
    check_title(title)
    discussion = Discussion(
        number=len(repository.discussions) + 1,
        title=title.strip(),
        author=author,
        created_at=store.now(),
        is_pull_request=False,
    )
    discussion.events.append(new_comment(store, author, description))
    return discussion


def open_to_discussions(store: Store, request: Request) -> HubState:
    """The repository the path names. Raises Refusal 403 where its owner switched discussions off."""
    repository = hub_of(store, request)
    refuse_disabled(repository)
    return repository


def refuse_disabled(repository: HubState) -> None:
    """Raises Refusal 403 where the owner switched discussions, and pull requests with them, off."""
    if repository.discussions_disabled:
        message = "Discussions are disabled for this repo"
        raise Refusal(403, message, headers={"X-Error-Message": message})


def discussion_numbered(repository: HubState, number: str) -> Discussion:
    """The discussion with a number. Raises Refusal 404."""
    for discussion in repository.discussions:
        if str(discussion.number) == number:
            return discussion
    raise Refusal(404, f"Discussion {number} not found")


def event_view(event: Event) -> Json:
    """An event as the Hub shows it."""
    author = {"name": event.author}
    return {"id": event.id, "type": event.type, "author": author, "createdAt": event.created_at, "data": event.data}


def discussion_view(repository: HubState, discussion: Discussion) -> Json:
    """A discussion as lists show it."""
    return {
        "num": discussion.number,
        "title": discussion.title,
        "author": {"name": discussion.author},
        "status": discussion.status,
        "isPullRequest": discussion.is_pull_request,
        "createdAt": discussion.created_at,
        "repo": {"name": repository.id, "type": repository.kind},
        "repoOwner": {"name": repository.id.split("/")[0]},
        "numComments": sum(event.type == "comment" for event in discussion.events),
        "pinned": False,
    }


class HubDiscussions:
    """The routes, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[tuple[str, str, Callable[[Request], Reply]]]:
        """Rows for the router."""
        return [
            ("GET", f"{API}/discussions", self.listed),
            ("POST", f"{API}/discussions", self.create),
            ("GET", DISCUSSION, self.details),
            ("POST", f"{DISCUSSION}/comment", self.comment),
            ("POST", f"{DISCUSSION}/comment/{{comment}}/edit", self.edit_comment),
            ("POST", f"{DISCUSSION}/title", self.retitle),
            ("POST", f"{DISCUSSION}/status", self.change_status),
            ("POST", f"{DISCUSSION}/merge", self.merge),
        ]

    def _open(self, request: Request) -> tuple[HubState, Discussion]:
        repository = open_to_discussions(self._store, request)
        return repository, discussion_numbered(repository, request.parts["number"])

    def _steer(self, request: Request) -> tuple[HubState, Discussion, User]:
        """A discussion the caller may steer: its author or a writer. Raises Refusal 403."""
        repository, discussion = self._open(request)
        user = hub_user(request)
        if user.login != discussion.author and not is_writer(user, repository):
            raise Refusal(403, f"Only the author and writers of {repository.id} may do this")
        return repository, discussion, user

    def listed(self, request: Request) -> Reply:
        """Newest first, by type, status and author; pages count from 0."""
        repository = open_to_discussions(self._store, request)
        kind, status, author = (request.query.get(name, "") for name in ("type", "status", "author"))
        found = [
            discussion
            for discussion in reversed(repository.discussions)
            if kind in {"", "all", "pull_request" if discussion.is_pull_request else "discussion"}
            if status in {"", "all", "open" if discussion.status in {"open", "draft"} else "closed"}
            if author in {"", discussion.author}
        ]
        start = request.number("p", 0) * PAGE
        views = [discussion_view(repository, discussion) for discussion in found[start : start + PAGE]]
        closed = sum(discussion.status not in {"open", "draft"} for discussion in repository.discussions)
        view = {"discussions": views, "count": len(found), "start": start, "numClosedDiscussions": closed}
        return Reply(200, view)

    def create(self, request: Request) -> Reply:
        """Open a discussion, or a draft pull request without changes yet."""
        repository = open_to_discussions(self._store, request)
        user = hub_user(request)
        body = request.parse(NewDiscussion)
        discussion = open_discussion(repository, user.login, body.title, body.description, self._store)
        if body.pull_request:
            git = self._store.hub_git(repository)
            git.set_ref(f"refs/pr/{discussion.number}", git.ref("refs/heads/main") or "")
            discussion.is_pull_request, discussion.status = True, "draft"
        repository.discussions.append(discussion)
        self._store.save()
        return Reply(200, {"num": discussion.number, "pullRequest": body.pull_request})

    def details(self, request: Request) -> Reply:
        """One discussion with all events; the first comment is the description."""
        repository, discussion = self._open(request)
        view = discussion_view(repository, discussion)
        view["events"] = [event_view(event) for event in discussion.events]
        if discussion.is_pull_request:
            git = self._store.hub_git(repository)
            head = git.ref(f"refs/pr/{discussion.number}") or ""
            main = git.ref("refs/heads/main") or ""
            start = git.merge_base(main, head) or main
            if discussion.merge_commit is not None:
                start = git.read_commit(discussion.merge_commit).parents[0]
            view["changes"] = {"base": "refs/heads/main", "mergeCommitId": discussion.merge_commit}
            view["filesWithConflicts"] = [] if git.merge_trees(main, head) else True
            view["diff"] = git.patch(start, head)
        return Reply(200, view)

    def comment(self, request: Request) -> Reply:
        """Add a comment."""
        _, discussion = self._open(request)
        user = hub_user(request)
        text = request.parse(NewComment).comment
        if not text.strip():
            raise Refusal(400, "comment must not be empty")
        return self._added(discussion, new_comment(self._store, user.login, text), "newMessage")

    def _added(self, discussion: Discussion, event: Event, key: str) -> Reply:
        discussion.events.append(event)
        self._store.save()
        return Reply(200, {key: event_view(event)})

    def edit_comment(self, request: Request) -> Reply:
        """Replace a comment's text; its author only."""
        _, discussion = self._open(request)
        user = hub_user(request)
        text = request.parse(NewContent).content
        for event in discussion.events:
            if event.id == request.parts["comment"] and event.type == "comment":
                if event.author != user.login:
                    raise Refusal(403, "Only the author may edit a comment")
                latest = {"raw": text, "html": text, "updatedAt": self._store.now(), "author": {"name": user.login}}
                event.data |= {"edited": True, "history": [event.data["latest"], *event.data["history"]]}
                event.data |= {"latest": latest, "numEdits": len(event.data["history"])}
                self._store.save()
                return Reply(200, {"updatedComment": event_view(event)})
        raise Refusal(404, "Comment not found")

    def retitle(self, request: Request) -> Reply:
        """Change the title."""
        _, discussion, user = self._steer(request)
        title = request.parse(NewTitle).title
        check_title(title)
        data = {"from": discussion.title, "to": title.strip()}
        discussion.title = title.strip()
        return self._added(discussion, new_event(self._store, "title-change", user.login, data), "newTitle")

    def change_status(self, request: Request) -> Reply:
        """Close or reopen."""
        _, discussion, user = self._steer(request)
        body = request.parse(NewStatus)
        if discussion.status in {"merged", body.status}:
            raise Refusal(400, f"The discussion is already {discussion.status}")
        if body.comment:
            discussion.events.append(new_comment(self._store, user.login, body.comment))
        discussion.status = body.status
        data = {"status": body.status}
        return self._added(discussion, new_event(self._store, "status-change", user.login, data), "newStatus")

    def merge(self, request: Request) -> Reply:
        """Merge a pull request into main; writers only."""
        repository, discussion, user = self._steer(request)
        if not is_writer(user, repository):
            raise Refusal(403, f"Only writers of {repository.id} may merge")
        git = self._store.hub_git(repository)
        head, main = git.ref(f"refs/pr/{discussion.number}"), git.ref("refs/heads/main")
        tree = git.merge_trees(main, head) if head and main else None
        if discussion.status not in {"open", "draft"} or head is None or main is None or tree is None:
            raise Refusal(409, f"Pull request {discussion.number} cannot be merged")
        author = signature(user.login, self._store.seconds())
        text = f"{discussion.title} (#{discussion.number})"
        discussion.merge_commit = git.write_commit(tree, [main, head], text, author, author)
        git.set_ref("refs/heads/main", discussion.merge_commit)
        discussion.status = "merged"
        data = {"status": "merged"}
        discussion.events.append(new_event(self._store, "status-change", user.login, data))
        self._store.save()
        return Reply(200, {"commitOid": discussion.merge_commit})
