"""Hub routes that change files: pre-upload, and commits that may open a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from podium.records import Sha256
from podium.standin.exchange import Refusal, Reply, decode_base64
from podium.standin.gitstore import Change
from podium.standin.hub.discussions import discussion_numbered, new_event, open_discussion, refuse_disabled
from podium.standin.hub.files import (
    LARGE_BYTES,
    hub_commit_of,
    hub_of,
    hub_page,
    hub_user,
    is_writer,
    large_of,
    pointer,
)
from podium.standin.hub.repositories import API
from podium.standin.state import signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.standin.exchange import Json, Request
    from podium.standin.gitstore import GitRepository
    from podium.standin.state import Discussion, HubState, Store

_BAD_SEGMENTS = {"", ".", "..", ".git"}


class UploadedFile(msgspec.Struct):
    """One file a client means to upload."""

    path: str
    size: int


class PreUpload(msgspec.Struct):
    """Body of POST preupload."""

    files: list[UploadedFile]


class Header(msgspec.Struct, rename="camel"):
    """First line of a commit."""

    summary: Annotated[str, msgspec.Meta(min_length=1)]
    description: str = ""
    parent_commit: str | None = None


class RegularFile(msgspec.Struct):
    """A `file` line of a commit."""

    path: str
    content: str
    encoding: str = "utf-8"


class LargeFile(msgspec.Struct):
    """An `lfsFile` line of a commit."""

    path: str
    oid: Sha256
    size: int | None = None


class PathOnly(msgspec.Struct):
    """A `deletedFile` or `deletedFolder` line of a commit."""

    path: str


class Line(msgspec.Struct):
    """Any line of a commit."""

    key: str
    value: Any


def _as(kind: type[Any], value: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as err:
        raise Refusal(400, f"Invalid commit line: {err}") from err


def _lines(body: bytes) -> list[Line]:
    try:
        return [msgspec.json.decode(text, type=Line) for text in body.splitlines() if text.strip()]
    except msgspec.DecodeError as err:
        raise Refusal(400, f"Invalid commit line: {err}") from err


class HubCommits:
    """The routes, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[tuple[str, str, Callable[[Request], Reply]]]:
        """Rows for the router."""
        return [
            ("POST", f"{API}/preupload/{{revision}}", self.pre_upload),
            ("POST", f"{API}/commit/{{revision}}", self.commit),
        ]

    def pre_upload(self, request: Request) -> Reply:
        """Say for each file whether it goes into the commit or to large-file storage, and what is there now."""
        repository = hub_of(self._store, request)
        hub_user(request)
        git = self._store.hub_git(repository)
        commit = hub_commit_of(git, request.parts["revision"])
        views = []
        for file in request.parse(PreUpload).files:
            mode = "lfs" if file.size > LARGE_BYTES else "regular"
            view: Json = {"path": file.path, "uploadMode": mode, "shouldIgnore": False}
            entry = git.find(commit, file.path)
            if entry is not None:
                large = large_of(git, entry)
                view["oid"] = large.oid if large else entry.sha
            views.append(view)
        return Reply(200, {"files": views, "commitOid": commit})

    def commit(self, request: Request) -> Reply:
        """Commit to a branch or a pull request, or open a pull request (`create_pr=1`). Nothing changed: nothing."""
        repository = hub_of(self._store, request)
        user = hub_user(request)
        git = self._store.hub_git(repository)
        revision = request.parts["revision"]
        head, creates = hub_commit_of(git, revision), request.flag("create_pr")
        header = self._header(request.body)
        # A new pull request may begin at an older commit; a push must come on top of what is there.
        if creates:
            refuse_disabled(repository)
        parent = hub_commit_of(git, header.parent_commit) if creates and header.parent_commit else head
        if header.parent_commit not in {None, parent}:
            raise Refusal(412, "A commit has happened since. Please refresh and try again.")
        pull = None if creates else self._target(request, repository, revision)
        changes = [change for line in _lines(request.body)[1:] for change in self._changes(git, parent, line)]
        tree = git.write_tree(parent, changes)
        if tree == git.read_commit(parent).tree:
            return Reply(200, self._answer(request, repository, parent, None))
        if creates:
            pull = open_discussion(repository, user.login, header.summary, header.description, self._store)
            pull.is_pull_request = True
        author = signature(user.login, self._store.seconds())
        text = f"{header.summary}\n\n{header.description}".strip()
        commit = git.write_commit(tree, [parent], text, author, author)
        branch = revision.removeprefix("refs/heads/")
        git.set_ref(f"refs/heads/{branch}" if pull is None else f"refs/pr/{pull.number}", commit)
        if pull is not None:
            data = {"subject": header.summary, "oid": commit}
            pull.events.append(new_event(self._store, "commit", user.login, data))
        if creates and pull is not None:
            repository.discussions.append(pull)
        self._store.save()
        return Reply(200, self._answer(request, repository, commit, pull if creates else None))

    def _target(self, request: Request, repository: HubState, revision: str) -> Discussion | None:
        """The pull request a commit goes to, or None for a branch. Raises Refusal 403."""
        user = hub_user(request)
        if not revision.startswith("refs/pr/"):
            if not is_writer(user, repository) or len(revision) == 40:
                message = f"You are not authorized to push to {repository.id}. Pass `create_pr=1` as a query parameter"
                raise Refusal(403, message)
            return None
        pull = discussion_numbered(repository, revision.removeprefix("refs/pr/"))
        if pull.status not in {"open", "draft"}:
            raise Refusal(403, f"Pull request {pull.number} is {pull.status}")
        if user.login != pull.author and not is_writer(user, repository):
            raise Refusal(403, f"Only the author and writers of {repository.id} may push to pull request {pull.number}")
        return pull

    def _answer(self, request: Request, repository: HubState, commit: str, opened: Discussion | None) -> Json:
        page = hub_page(request, repository)
        view: Json = {"success": True, "commitOid": commit, "commitUrl": f"{page}/commit/{commit}", "hookOutput": ""}
        view["pullRequestUrl"] = f"{page}/discussions/{opened.number}" if opened else None
        return view

    @staticmethod
    def _header(body: bytes) -> Header:
        lines = _lines(body)
        if not lines or lines[0].key != "header":
            raise Refusal(400, "The first line must be the commit header")
        header: Header = _as(Header, lines[0].value)
        return header

    def _changes(self, git: GitRepository, parent: str, line: Line) -> list[Change]:
        path = _as(PathOnly, line.value).path
        if _BAD_SEGMENTS & set(path.rstrip("/").split("/")):
            raise Refusal(400, f"Invalid path: {path!r}")
        match line.key:
            case "file":
                return [Change(path=path, sha=git.write_blob(self._regular(_as(RegularFile, line.value))))]
            case "lfsFile":
                return [Change(path=path, sha=git.write_blob(self._pointer(_as(LargeFile, line.value))))]
            case "deletedFile" if (entry := git.find(parent, path)) is not None and entry.kind == "blob":
                return [Change(path=path, sha=None)]
            case "deletedFolder":
                listed = git.entries(parent, recursive=True, path=f"{path.rstrip('/')}/")
                return [Change(path=entry.path, sha=None) for entry in listed if entry.kind == "blob"]
            case "deletedFile":
                message = f"A file with this name doesn't exist: {path}"
                raise Refusal(404, message, headers={"X-Error-Code": "EntryNotFound"})
        raise Refusal(400, f"unknown commit line {line.key!r}")

    @staticmethod
    def _regular(file: RegularFile) -> bytes:
        data = decode_base64(file.content) if file.encoding == "base64" else file.content.encode()
        if len(data) > LARGE_BYTES:
            raise Refusal(
                400, f"Your push was rejected because {file.path} is larger than 10 MiB; use large-file storage"
            )
        return data

    def _pointer(self, file: LargeFile) -> bytes:
        path = self._store.large_file(file.oid)
        if not path.is_file():
            raise Refusal(400, f"LFS pointer {file.path} points to {file.oid}, which was not uploaded")
        return pointer(file.oid, path.stat().st_size)
