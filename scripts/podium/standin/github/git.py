"""GitHub's git database routes: blobs, trees, commits and refs, straight onto the git repository."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from podium.standin.access import pusher
from podium.standin.exchange import Refusal, Reply, decode_base64, page_of
from podium.standin.github.addresses import node_id
from podium.standin.github.repositories import REPOSITORY, repository_of, require_workflow_scope
from podium.standin.github.views import api, git_commit_view, tree_entry_view
from podium.standin.gitstore import Change, GitError, Signature
from podium.standin.state import signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.standin.exchange import Json, Request
    from podium.standin.gitstore import GitRepository
    from podium.standin.state import RepositoryState, Store

MAXIMUM_BLOB_BYTES = 100 * 1024 * 1024
MODES = {"100644": "blob", "100755": "blob", "120000": "blob", "040000": "tree", "160000": "commit"}
_BAD_SEGMENT = re.compile(r"|\.|\.\.|\.git", re.IGNORECASE)


class NewBlob(msgspec.Struct):
    """Body of POST git/blobs."""

    content: str
    encoding: str = "utf-8"


class NewEntry(msgspec.Struct):
    """One entry of POST git/trees; an explicit null `sha` deletes."""

    path: str
    mode: str = "100644"
    type: str | None = None
    sha: str | msgspec.UnsetType | None = msgspec.UNSET
    content: str | None = None


class NewTree(msgspec.Struct):
    """Body of POST git/trees."""

    tree: list[NewEntry]
    base_tree: str | None = None


class Person(msgspec.Struct):
    """Author or committer of POST git/commits."""

    name: str
    email: str
    date: str | None = None


class NewCommit(msgspec.Struct):
    """Body of POST git/commits."""

    message: str
    tree: str
    parents: list[str] = []
    author: Person | None = None
    committer: Person | None = None


class NewRef(msgspec.Struct):
    """Body of POST git/refs."""

    ref: str
    sha: str


class MovedRef(msgspec.Struct):
    """Body of PATCH git/refs."""

    sha: str
    force: bool = False


def _seconds_of(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as err:
        raise Refusal(422, f"{text!r} is not an ISO 8601 time") from err
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


class GitDatabase:
    """The routes, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[tuple[str, str, Callable[[Request], Reply]]]:
        """Rows for the router."""
        return [
            ("POST", f"{REPOSITORY}/git/blobs", self.new_blob),
            ("GET", f"{REPOSITORY}/git/blobs/{{sha}}", self.blob),
            ("POST", f"{REPOSITORY}/git/trees", self.new_tree),
            ("GET", f"{REPOSITORY}/git/trees/{{sha*}}", self.tree),
            ("POST", f"{REPOSITORY}/git/commits", self.new_commit),
            ("GET", f"{REPOSITORY}/git/commits/{{sha}}", self.commit),
            ("GET", f"{REPOSITORY}/git/ref/{{ref*}}", self.ref),
            ("GET", f"{REPOSITORY}/git/refs", self.matching_refs),
            ("GET", f"{REPOSITORY}/git/matching-refs/{{ref*}}", self.matching_refs),
            ("POST", f"{REPOSITORY}/git/refs", self.new_ref),
            ("PATCH", f"{REPOSITORY}/git/refs/{{ref*}}", self.move_ref),
            ("DELETE", f"{REPOSITORY}/git/refs/{{ref*}}", self.delete_ref),
        ]

    def _open(self, request: Request) -> tuple[RepositoryState, GitRepository]:
        repository = repository_of(self._store, request)
        return repository, self._store.git(repository)

    def new_blob(self, request: Request) -> Reply:
        """Store a file's bytes."""
        repository, git = self._open(request)
        pusher(request, repository)
        blob = request.parse(NewBlob)
        if blob.encoding not in {"utf-8", "base64"}:
            raise Refusal(422, f"unsupported encoding {blob.encoding!r}; use utf-8 or base64")
        data = decode_base64(blob.content) if blob.encoding == "base64" else blob.content.encode()
        if len(data) > MAXIMUM_BLOB_BYTES:
            raise Refusal(422, "Sorry, your input was too large to be processed.")
        sha = git.write_blob(data)
        return Reply(201, {"sha": sha, "url": f"{api(request, repository)}/git/blobs/{sha}"})

    def blob(self, request: Request) -> Reply:
        """A file's bytes."""
        repository, git = self._open(request)
        sha = request.parts["sha"]
        if git.kind(sha) != "blob":
            raise Refusal(404, "Not Found")
        data = git.read_blob(sha)
        view = {"encoding": "base64", "content": base64.encodebytes(data).decode(), "size": len(data)}
        address = {"url": f"{api(request, repository)}/git/blobs/{sha}", "node_id": node_id("B", sha)}
        return Reply(200, {"sha": sha, **address, **view})

    def new_tree(self, request: Request) -> Reply:
        """Store a tree: entries over `base_tree`; a null sha deletes a path."""
        repository, git = self._open(request)
        pusher(request, repository)
        body = request.parse(NewTree)
        if body.base_tree is not None and git.kind(body.base_tree) not in {"tree", "commit"}:
            raise Refusal(404, "base_tree does not name a tree")
        if not body.tree:
            raise Refusal(422, "Invalid tree info")
        known = {entry.path for entry in git.entries(body.base_tree, recursive=True)} if body.base_tree else set()
        changes = [self._change(git, entry, known) for entry in body.tree]
        try:
            sha = git.write_tree(body.base_tree, changes)
        except GitError as err:
            raise Refusal(422, f"GitRPC::BadObjectState: {err}") from err
        return Reply(201, self._tree(request, repository, git, sha, recursive=False))

    def _change(self, git: GitRepository, entry: NewEntry, known: set[str]) -> Change:
        if any(_BAD_SEGMENT.fullmatch(segment) for segment in entry.path.split("/")) or "\0" in entry.path:
            raise Refusal(422, "tree.path contains a malformed path component")
        if entry.mode not in MODES:
            raise Refusal(422, f"tree.mode {entry.mode!r} is not a file mode")
        if entry.sha is None:
            if entry.path not in known:
                raise Refusal(422, "GitRPC::BadObjectState")
            return Change(path=entry.path, sha=None)
        if entry.sha is msgspec.UNSET:
            if entry.content is None:
                raise Refusal(422, "tree entry must have sha or content")
            return Change(path=entry.path, sha=git.write_blob(entry.content.encode()), mode=entry.mode)
        if git.kind(entry.sha) != MODES[entry.mode]:
            raise Refusal(422, f"tree.sha {entry.sha} is not a valid {MODES[entry.mode]}")
        return Change(path=entry.path, sha=entry.sha, mode=entry.mode)

    def tree(self, request: Request) -> Reply:
        """List a tree by its name, a commit or a branch."""
        repository, git = self._open(request)
        name = request.parts["sha"]
        treeish = name if git.kind(name) in {"tree", "commit"} else git.commit_of(name)
        if treeish is None:
            raise Refusal(404, "Not Found")
        return Reply(200, self._tree(request, repository, git, treeish, recursive="recursive" in request.query))

    def _tree(
        self, request: Request, repository: RepositoryState, git: GitRepository, treeish: str, *, recursive: bool
    ) -> Json:
        sha = git.read_commit(treeish).tree if git.kind(treeish) == "commit" else treeish
        listed = git.entries(sha, recursive=recursive)
        return {
            "sha": sha,
            "url": f"{api(request, repository)}/git/trees/{sha}",
            "tree": [tree_entry_view(request, repository, entry) for entry in listed],
            "truncated": False,
        }

    def new_commit(self, request: Request) -> Reply:
        """Store a commit; author and committer default to the caller, now."""
        repository, git = self._open(request)
        user = pusher(request, repository)
        body = request.parse(NewCommit)
        if git.kind(body.tree) != "tree":
            raise Refusal(422, "Tree SHA does not exist")
        if any(git.kind(parent) != "commit" for parent in body.parents):
            raise Refusal(422, "Parent SHA does not exist or is not a commit object")
        default = signature(user.login, self._store.seconds())
        author = self._person(body.author, default)
        committer = self._person(body.committer, author)
        sha = git.write_commit(body.tree, body.parents, body.message, author, committer)
        return Reply(201, git_commit_view(request, repository, git.read_commit(sha)))

    @staticmethod
    def _person(person: Person | None, default: Signature) -> Signature:
        if person is None:
            return default
        seconds = _seconds_of(person.date) if person.date else default.seconds
        return Signature(name=person.name, email=person.email, seconds=seconds)

    def commit(self, request: Request) -> Reply:
        """One commit object."""
        repository, git = self._open(request)
        if git.kind(request.parts["sha"]) != "commit":
            raise Refusal(404, "Not Found")
        return Reply(200, git_commit_view(request, repository, git.read_commit(request.parts["sha"])))

    def _ref_view(self, request: Request, repository: RepositoryState, name: str, sha: str, kind: str) -> Json:
        url = api(request, repository)
        target = {"sha": sha, "type": kind, "url": f"{url}/git/{kind}s/{sha}"}
        return {"ref": name, "node_id": node_id("REF", name), "url": f"{url}/git/{name}", "object": target}

    def ref(self, request: Request) -> Reply:
        """One ref by its exact name."""
        repository, git = self._open(request)
        name = f"refs/{request.parts['ref'].removeprefix('refs/')}"
        sha = git.refs(name).get(name)
        if sha is None:
            raise Refusal(404, "Not Found")
        return Reply(200, self._ref_view(request, repository, name, sha, git.kind(sha) or "commit"))

    def matching_refs(self, request: Request) -> Reply:
        """All refs that begin with a text."""
        repository, git = self._open(request)
        prefix = f"refs/{request.parts.get('ref', '').removeprefix('refs/')}"
        found = git.refs(prefix)
        return page_of(
            request,
            [self._ref_view(request, repository, name, sha, git.kind(sha) or "commit") for name, sha in found.items()],
        )

    def new_ref(self, request: Request) -> Reply:
        """Create a branch or a tag."""
        repository, git = self._open(request)
        user = pusher(request, repository)
        body = request.parse(NewRef)
        if body.ref.count("/") < 2 or not git.is_ref_name(body.ref):
            raise Refusal(422, "Reference name is not valid: it must begin with refs and have two slashes")
        if git.kind(body.sha) is None:
            raise Refusal(422, "Object does not exist")
        if git.refs(body.ref).get(body.ref):
            raise Refusal(422, "Reference already exists")
        require_workflow_scope(user, git, body.sha)
        self._set(git, body.ref, body.sha)
        return Reply(201, self._ref_view(request, repository, body.ref, body.sha, git.kind(body.sha) or "commit"))

    @staticmethod
    def _set(git: GitRepository, name: str, sha: str) -> None:
        try:
            git.set_ref(name, sha)
        except GitError as err:  # a/b cannot be a branch beside a
            raise Refusal(422, "Reference update failed") from err

    def move_ref(self, request: Request) -> Reply:
        """Move a branch, forwards only unless forced; its open pull request follows."""
        repository, git = self._open(request)
        user = pusher(request, repository)
        body = request.parse(MovedRef)
        name = f"refs/{request.parts['ref']}"
        old = git.refs(name).get(name)
        if old is None:
            raise Refusal(422, "Reference does not exist")
        if git.kind(body.sha) is None:
            raise Refusal(422, "Object does not exist")
        if not body.force and not git.is_ancestor(old, body.sha):
            raise Refusal(422, "Update is not a fast forward")
        require_workflow_scope(user, git, body.sha)
        self._set(git, name, body.sha)
        self._store.follow_branch(repository, name)
        return Reply(200, self._ref_view(request, repository, name, body.sha, git.kind(body.sha) or "commit"))

    def delete_ref(self, request: Request) -> Reply:
        """Delete a branch or tag; a pull request from it is closed."""
        repository, git = self._open(request)
        pusher(request, repository)
        name = f"refs/{request.parts['ref']}"
        if git.refs(name).get(name) is None:
            raise Refusal(422, "Reference does not exist")
        git.delete_ref(name)
        self._store.follow_branch(repository, name)
        return Reply(204)
