"""Everything the stand-in remembers beside git: accounts, pull requests, discussions. One file, `state.json`.

Every change is written by rename before the client hears of it, and git objects come before the JSON that names
them; so the stand-in can be killed at any moment. One stand-in at a time holds a state folder.
"""

from __future__ import annotations

import fcntl
import shutil
import zlib
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

import msgspec

from podium.errors import PodiumError, StorageError, UsageError
from podium.files import canonical_json, write_atomic
from podium.records import read_record
from podium.standin.gitstore import Change, GitRepository, Signature
from podium.standin.world import EXCHANGED, Runner, User

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from podium.standin.world import Repository, Space, World

STATE_FILE = "state.json"
# Who commits what GitHub makes itself.
WEB_FLOW = Signature(name="web-flow", email="noreply@users.noreply.invalid", seconds=0)


class Review(msgspec.Struct, kw_only=True):
    """A review of a pull request; `state` in GitHub's words."""

    id: int
    author: str
    state: str
    body: str
    commit: str
    created_at: str


class Comment(msgspec.Struct, kw_only=True):
    """A comment below a pull request."""

    id: int
    author: str
    body: str
    created_at: str
    updated_at: str


class Pull(msgspec.Struct, kw_only=True):
    """A pull request. `head_sha` follows the head branch while the pull request is open."""

    id: int
    number: int
    title: str
    body: str | None
    author: str
    base: str
    head_repository: str
    head: str
    head_sha: str
    base_sha: str
    created_at: str
    updated_at: str
    state: str = "open"
    draft: bool = False
    locked: bool = False
    closed_at: str | None = None
    merged_at: str | None = None
    merge_commit: str | None = None
    labels: list[str] = []
    reviewers: list[str] = []
    reviews: list[Review] = []
    comments: list[Comment] = []


class Asset(msgspec.Struct, kw_only=True):
    """A file of a release; its bytes lie with the large files."""

    id: int
    name: str
    size_bytes: int
    sha256: str
    updated_at: str


class ReleaseState(msgspec.Struct, kw_only=True):
    """A release of a GitHub repository."""

    id: int
    tag: str
    draft: bool
    created_at: str
    assets: list[Asset] = []


class RepositoryState(msgspec.Struct, kw_only=True):
    """A GitHub repository: its place in the fork network and its pull requests."""

    id: int
    full_name: str
    parent: str | None
    network: str
    writers: list[str]
    default_branch: str
    archived: bool
    created_at: str
    # A fork is made in GitHub's own time: so many looks say that it is not there.
    looks_until_ready: int = 0
    pulls: list[Pull] = []
    # Names it had before; GitHub leads on from them.
    former_names: list[str] = []
    renamed_branches: dict[str, str] = {}
    # The labels that exist; None where any name does.
    labels: list[str] | None = None
    releases: list[ReleaseState] = []
    is_private: bool = False
    # Git LFS gives out nothing any more this month.
    is_over_quota: bool = False
    runners: list[Runner] = []

    @property
    def owner(self) -> str:
        """The part before the slash."""
        return self.full_name.split("/")[0]


class Event(msgspec.Struct, kw_only=True):
    """One event of a Hub discussion; `data` as the Hub shows it."""

    id: str
    type: str
    author: str
    created_at: str
    data: dict[str, Any]


class Discussion(msgspec.Struct, kw_only=True):
    """A Hub discussion or pull request (then its commits are at `refs/pr/<number>`)."""

    number: int
    title: str
    author: str
    created_at: str
    is_pull_request: bool
    status: str = "open"
    merge_commit: str | None = None
    events: list[Event] = []


class HubState(msgspec.Struct, kw_only=True):
    """A Hub repository; `kind` is model, dataset or space."""

    id: str
    kind: str
    writers: list[str]
    created_at: str
    is_private: bool = False
    is_gated: bool = False
    readers: list[str] = []
    discussions: list[Discussion] = []
    former_names: list[str] = []
    discussions_disabled: bool = False


class State(msgspec.Struct, kw_only=True):
    """The content of state.json."""

    port: int = 0
    last_id: int = 0
    users: dict[str, User] = {}
    repositories: dict[str, RepositoryState] = {}
    hub: dict[str, HubState] = {}
    rate_limits: bool = True
    # Accounts that were renamed: number to the login they have now.
    renamed_users: dict[str, str] = {}


def account_number(login: str) -> int:
    """The number of an account that was never renamed."""
    return zlib.crc32(login.encode())


def signature(login: str, seconds: int) -> Signature:
    """The identity that web commits of a user carry."""
    return Signature(name=login, email=f"{account_number(login)}+{login}@users.noreply.invalid", seconds=seconds)


class Store:
    """The state folder: `state.json`, git repositories and large files. Callers serialise access."""

    def __init__(self, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.folder = folder
        self._clock = clock
        self._path = folder / STATE_FILE
        self._lock = self._take_lock()
        try:
            self._clean()
            self.state = read_record(self._path, State) if self._path.exists() else State()
            self._catch_up()
        except PodiumError:
            self.close()
            raise

    def _take_lock(self) -> IO[bytes]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            stream = (self.folder / "lock").open("wb")
        except OSError as err:
            message = f"cannot write the stand-in's state folder {self.folder}: {err.strerror}"
            raise StorageError(message, hint="choose another folder with --state") from err
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            stream.close()
            message = f"another stand-in already uses {self.folder}"
            raise UsageError(message, hint="stop it, or choose another folder with --state") from err
        return stream

    def _clean(self) -> None:
        # What a killed stand-in and its git processes leave behind.
        for part in ("github", "hub"):
            for left in (self.folder / part).rglob("*.lock"):
                left.unlink()
            for left in (self.folder / part).rglob("tmp*"):
                if left.is_dir() and left.parent.suffix == ".git":
                    shutil.rmtree(left)

    def _catch_up(self) -> None:
        """Git comes before state.json: take over what a killed stand-in did to branches but did not note."""
        for repository in self.state.repositories.values():
            for pull in repository.pulls:
                if pull.state == "open":
                    head = self.state.repositories[pull.head_repository]
                    self.follow_branch(head, f"refs/heads/{pull.head}", only_changed=True)
        for hub in self.state.hub.values():
            for discussion in hub.discussions:
                self._note_commit(hub, discussion)

    def _note_commit(self, hub: HubState, discussion: Discussion) -> None:
        git = self.hub_git(hub)
        head = git.ref(f"refs/pr/{discussion.number}")
        noted = {event.data["oid"] for event in discussion.events if event.type == "commit"}
        if head is None or not discussion.is_pull_request or head in noted or head == git.ref("refs/heads/main"):
            return
        commit = git.read_commit(head)
        data = {"subject": commit.message.split("\n")[0], "oid": head}
        event = Event(id=head[:24], type="commit", author=commit.author.name, created_at=self.now(), data=data)
        discussion.events.append(event)

    def close(self) -> None:
        """Let go of the folder."""
        self._lock.close()

    def save(self) -> None:
        """Write state.json."""
        write_atomic(self._path, canonical_json(msgspec.to_builtins(self.state), indent=1))

    def set_clock(self, clock: Callable[[], datetime]) -> None:
        """Take the time from somewhere else, for runs that repeat exactly."""
        self._clock = clock

    def new_id(self) -> int:
        """A number never given before."""
        self.state.last_id += 1
        return self.state.last_id

    def now(self) -> str:
        """The time as both APIs write it."""
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def seconds(self) -> int:
        """The time in seconds since the epoch."""
        return int(self._clock().timestamp())

    def user_of(self, token: str) -> User | None:
        """The account a token belongs to."""
        if token.startswith(EXCHANGED):
            login, _, resource = token.removeprefix(EXCHANGED).partition(":")
            known = self.state.users.get(login)
            return msgspec.structs.replace(known, reaches=resource) if known else None
        return next((user for user in self.state.users.values() if user.token == token), None)

    def number_of(self, login: str) -> int:
        """The number of an account; a new name keeps it."""
        numbers = (int(number) for number, now in self.state.renamed_users.items() if now == login)
        return next(numbers, account_number(login))

    def login_of(self, who: Signature) -> str | None:
        """The account that a commit's author or committer is, by the number in the address, else by name."""
        now = self.state.renamed_users.get(who.email.partition("+")[0], who.name)
        return now if now in self.state.users or now == WEB_FLOW.name else None

    def git(self, repository: RepositoryState) -> GitRepository:
        """The git repository of a GitHub repository."""
        return GitRepository(self.folder / "github" / "repositories" / f"{repository.full_name}.git")

    def hub_git(self, repository: HubState) -> GitRepository:
        """The git repository of a Hub repository."""
        return GitRepository(self.folder / "hub" / f"{repository.kind}s" / f"{repository.id}.git")

    def large_file(self, oid: str) -> Path:
        """Where the content of a large file lies."""
        return self.folder / "hub" / "objects" / oid[:2] / oid

    def follow_branch(self, repository: RepositoryState, ref: str, *, only_changed: bool = False) -> None:
        """Let open pull requests from a branch follow it, close them when it is gone; then save."""
        branch, head = ref.removeprefix("refs/heads/"), self.git(repository).ref(ref)
        for base in self.state.repositories.values():
            for pull in base.pulls:
                if pull.state != "open" or (pull.head_repository, pull.head) != (repository.full_name, branch):
                    continue
                if only_changed and pull.head_sha == head:
                    continue
                pull.updated_at = self.now()
                if head is None:
                    pull.state, pull.closed_at = "closed", pull.updated_at
                else:
                    pull.head_sha = head
                    self.git(base).set_ref(f"refs/pull/{pull.number}/head", head)
        self.save()

    # Seeding

    def seed(self, world: World) -> None:
        """Add what the state does not have yet; accounts are taken over as the world has them."""
        for user in world.users:
            if str(account_number(user.login)) not in self.state.renamed_users:
                self.state.users[user.login] = user
        for repository in world.repositories:
            self.add_repository(repository)
        for space in world.spaces:
            self.add_hub(space)
        self.state.rate_limits = self.state.rate_limits and world.rate_limits
        self.save()

    def add_repository(self, seed: Repository) -> RepositoryState:
        """Make a GitHub repository with its git side, unless it is there."""
        for known in self.state.repositories.values():
            if seed.full_name in {known.full_name, *known.former_names}:
                return known
        parent = self._parent(seed)
        added = RepositoryState(
            id=self.new_id(),
            full_name=seed.full_name,
            parent=seed.parent,
            network=parent.network if parent else seed.full_name,
            writers=list(seed.writers),
            default_branch=seed.default_branch,
            archived=seed.archived,
            created_at=self.now(),
            former_names=list(seed.former_names),
            labels=seed.labels,
            is_private=seed.is_private,
            is_over_quota=seed.is_over_quota,
            runners=list(seed.runners),
        )
        git = self.git(added)
        git.create(seed.default_branch, self.folder / "github" / "objects" / added.network)
        branch = f"refs/heads/{seed.default_branch}"
        if parent and not seed.files:
            for name, sha in self.git(parent).refs("refs/heads/").items():
                git.set_ref(name, sha)
        else:
            git.set_ref(branch, self.commit_files(git, seed.files, [], "Initial commit", added.owner))
        self.state.repositories[seed.full_name] = added
        return added

    def _parent(self, seed: Repository) -> RepositoryState | None:
        if seed.parent is None:
            return None
        if seed.parent not in self.state.repositories:
            message = f"{seed.full_name} is a fork of {seed.parent}, which the world does not have before it"
            raise UsageError(message, hint="list the parent first")
        return self.state.repositories[seed.parent]

    def add_hub(self, seed: Space) -> HubState:
        """Make a Hub repository with its git side, unless it is there."""
        key = f"{seed.kind}s/{seed.id}"
        for known in self.state.hub.values():
            if known.kind == seed.kind and seed.id in {known.id, *known.former_names}:
                return known
        added = HubState(
            id=seed.id,
            kind=seed.kind,
            writers=list(seed.writers),
            created_at=self.now(),
            former_names=list(seed.former_names),
            discussions_disabled=not seed.discussions,
            is_private=seed.is_private,
            is_gated=seed.is_gated,
            readers=list(seed.readers),
        )
        git = self.hub_git(added)
        git.create("main")
        files = seed.files or {".gitattributes": ""}
        git.set_ref("refs/heads/main", self.commit_files(git, files, [], "initial commit", seed.id.split("/")[0]))
        self.state.hub[key] = added
        return added

    def commit_files(
        self, git: GitRepository, files: Mapping[str, str | None], parents: list[str], message: str, author: str
    ) -> str:
        """Commit texts (None deletes) on top of the first parent; the branch is not moved."""
        base = parents[0] if parents else None
        changes = [
            Change(path=path, sha=None if text is None else git.write_blob(text.encode()))
            for path, text in files.items()
        ]
        who = signature(author, self.seconds())
        return git.write_commit(git.write_tree(base, changes), parents, message, who, who)
