"""Files of a Hub repository: revisions, large files and their pointers, tree listings, downloads."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from podium.standin.exchange import Refusal

if TYPE_CHECKING:
    from podium.standin.exchange import Json, Request
    from podium.standin.gitstore import Entry, GitRepository
    from podium.standin.state import HubState, Store
    from podium.standin.world import User

# The Hub stores larger files outside git.
LARGE_BYTES = 10 * 1024 * 1024
POINTER_BYTES = 1024
_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d+)\n")


class Large(msgspec.Struct, frozen=True):
    """What a pointer file says."""

    oid: str
    size_bytes: int
    pointer_bytes: int


def hub_page(request: Request, repository: HubState) -> str:
    """Web address of a Hub repository."""
    prefix = "" if repository.kind == "model" else f"{repository.kind}s/"
    return f"{request.base}/{prefix}{repository.id}"


def hub_of(store: Store, request: Request) -> HubState:
    """The Hub repository the path names. Raises Refusal 404."""
    kinds = request.parts.get("kinds", "models")
    found = store.state.hub.get(f"{kinds}/{request.parts['owner']}/{request.parts['name']}")
    if found is None or kinds not in {"models", "datasets", "spaces"}:
        raise Refusal(404, "Repository not found", headers={"X-Error-Code": "RepoNotFound"})
    if found.is_private and not is_reader(request.user, found):
        # To strangers a private repository does not exist.
        raise Refusal(401, "Repository not found", headers={"X-Error-Code": "RepoNotFound"})
    return found


def require_entry(request: Request, repository: HubState) -> None:
    """Let nobody read the files of a gated repository who was not let in. Raises Refusal 401 or 403."""
    if repository.is_gated and not is_reader(request.user, repository):
        status = 403 if request.user else 401
        message = f"Access to model {repository.id} is restricted and you are not in the authorized list."
        raise Refusal(status, message, headers={"X-Error-Code": "GatedRepo"})


def is_reader(user: User | None, repository: HubState) -> bool:
    """Whether this account was let in."""
    return user is not None and (is_writer(user, repository) or user.login in repository.readers)


def hub_commit_of(git: GitRepository, revision: str) -> str:
    """Resolve a revision. Raises Refusal 404 with the Hub's code."""
    found = git.commit_of(revision)
    if found is None:
        raise Refusal(404, f"Invalid rev id: {revision}", headers={"X-Error-Code": "RevisionNotFound"})
    return found


def hub_user(request: Request) -> User:
    """The caller, with a token that may write. Raises Refusal 401 or 403."""
    if request.user is None:
        raise Refusal(401, "Invalid username or password.")
    if request.user.hub_role != "write":
        raise Refusal(403, "You don't have the required permissions: this token has the role read")
    if request.user.reaches not in {"", _resource(request)}:
        raise Refusal(403, f"You don't have the required permissions: this token is for {request.user.reaches} alone")
    return request.user


def _resource(request: Request) -> str:
    """The repository of the path as token exchanges name it: a model's has no prefix."""
    kinds = request.parts.get("kinds", "models")
    return f"{'' if kinds == 'models' else f'{kinds}/'}{request.parts.get('owner')}/{request.parts.get('name')}"


def is_writer(user: User | None, repository: HubState) -> bool:
    """Whether this account may change the repository itself."""
    return user is not None and user.login in {repository.id.split("/")[0], *repository.writers}


def large_of(git: GitRepository, entry: Entry) -> Large | None:
    """The large file an entry points to, or None when the entry is the file itself."""
    if entry.kind != "blob" or entry.size_bytes is None or entry.size_bytes > POINTER_BYTES:
        return None
    match = _POINTER.fullmatch(git.read_blob(entry.sha))
    return Large(match[1].decode(), int(match[2]), entry.size_bytes) if match else None


def pointer(oid: str, size_bytes: int) -> bytes:
    """The text that stands in git for a large file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size_bytes}\n".encode()


def file_view(git: GitRepository, entry: Entry) -> Json:
    """One line of a tree listing."""
    if entry.kind != "blob":
        return {"type": "directory", "oid": entry.sha, "size": 0, "path": entry.path}
    large = large_of(git, entry)
    view: Json = {"type": "file", "oid": entry.sha, "size": entry.size_bytes or 0, "path": entry.path}
    if large is not None:
        view["size"] = large.size_bytes
        view["lfs"] = {"oid": large.oid, "size": large.size_bytes, "pointerSize": large.pointer_bytes}
    return view


def last_commit_view(git: GitRepository, commit: str) -> Json:
    """What `expand` adds to a listing: the commit looked at, which is good enough for a stand-in."""
    found = git.read_commit(commit)
    return {"id": commit, "title": found.message.split("\n")[0], "date": hub_time(found.committer.seconds)}


def hub_time(seconds: int) -> str:
    """A time as the Hub writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def siblings_view(git: GitRepository, commit: str, *, blobs: bool) -> list[Json]:
    """All files of a revision as the repository answer lists them; `blobs` adds sizes and object names."""
    views = []
    for entry in git.entries(commit, recursive=True):
        if entry.kind != "blob":
            continue
        view: Json = {"rfilename": entry.path}
        if blobs:
            large = large_of(git, entry)
            view |= {"size": large.size_bytes if large else entry.size_bytes, "blobId": entry.sha}
            if large is not None:
                view["lfs"] = {"sha256": large.oid, "size": large.size_bytes, "pointerSize": large.pointer_bytes}
        views.append(view)
    return views
