"""GitHub routes about accounts and repositories: facts, forks, syncing, branches, commits, files, comparisons."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import msgspec

from podium.records import Name
from podium.standin.access import WORKFLOWS, can_push, has_scope, public_writer, pusher, signed_in
from podium.standin.exchange import Refusal, Reply, page_of
from podium.standin.github.addresses import profile_filler
from podium.standin.github.views import (
    api,
    commit_view,
    files_view,
    label_view,
    repository_view,
    tree_entry_view,
    user_view,
)
from podium.standin.state import signature
from podium.standin.world import Repository

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.standin.exchange import Json, Request
    from podium.standin.gitstore import Entry, GitRepository
    from podium.standin.state import RepositoryState, Store
    from podium.standin.world import User

REPOSITORY = "/api/v3/repos/{owner}/{name}"
INLINE_BYTES = 1_000_000
LISTED_COMMITS = 250
LOOKS_UNTIL_FORKED = 2


class NewFork(msgspec.Struct):
    """Body of POST forks."""

    organization: Name | None = None
    name: Name | None = None


class Upstream(msgspec.Struct):
    """Body of POST merge-upstream."""

    branch: str


def repository_of(store: Store, request: Request) -> RepositoryState:
    """The repository the path names. Raises Refusal 404."""
    found = store.state.repositories.get(f"{request.parts['owner']}/{request.parts['name']}")
    if found is None or (found.is_private and not can_push(request.user, found)):
        raise Refusal(404, "Not Found")
    if found.looks_until_ready:
        found.looks_until_ready -= 1
        raise Refusal(404, "Not Found")
    return found


def workflows_at(git: GitRepository, commit: str) -> str | None:
    """Object name of the workflow folder at a commit, or None."""
    entry = git.find(commit, WORKFLOWS)
    return entry.sha if entry else None


def require_workflow_scope(user: User, git: GitRepository, commit: str) -> None:
    """Refuse a commit that brings workflow files the repository's branches do not have, without the scope."""
    workflows = workflows_at(git, commit)
    if workflows is None or (user.scopes is not None and has_scope(user, "workflow")):
        return
    if any(workflows_at(git, head) == workflows for head in git.refs("refs/heads/").values()):
        return
    file = next(entry.path for entry in git.entries(commit, recursive=True, path=f"{WORKFLOWS}/"))
    raise Refusal(
        422,
        f"refusing to allow a Personal Access Token to create or update workflow `{file}` without `workflow` scope",
    )


class Repositories:
    """The routes, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[tuple[str, str, Callable[[Request], Reply]]]:
        """Rows for the router."""
        return [
            ("GET", "/api/v3/user", self.who),
            ("GET", "/api/v3/users/{login}", self.account),
            ("GET", "/api/v3/rate_limit", self.rate_limit),
            ("GET", REPOSITORY, self.facts),
            ("POST", f"{REPOSITORY}/forks", self.fork),
            ("GET", f"{REPOSITORY}/forks", self.forks),
            ("POST", f"{REPOSITORY}/merge-upstream", self.merge_upstream),
            ("GET", f"{REPOSITORY}/branches", self.branches),
            ("GET", f"{REPOSITORY}/branches/{{branch*}}", self.branch),
            ("GET", f"{REPOSITORY}/commits", self.commits),
            ("GET", f"{REPOSITORY}/commits/{{ref*}}", self.commit),
            ("GET", f"{REPOSITORY}/contents", self.contents),
            ("GET", f"{REPOSITORY}/contents/{{path*}}", self.contents),
            ("GET", f"{REPOSITORY}/compare/{{ends*}}", self.compare),
            ("GET", f"{REPOSITORY}/labels/{{label}}", self.label),
            ("GET", f"{REPOSITORY}/actions/runners", self.runners),
            ("GET", f"{REPOSITORY}/collaborators/{{login}}/permission", self.permission),
        ]

    def who(self, request: Request) -> Reply:
        """The account of the token."""
        return Reply(200, self._profile(request, signed_in(request).login, is_own=True))

    def _profile(self, request: Request, login: str, *, is_own: bool) -> Json:
        filler = profile_filler(self._store.now(), is_own=is_own)
        return {**user_view(self._store, request, login), **filler}

    def account(self, request: Request) -> Reply:
        """Any account."""
        owners = {repository.owner for repository in self._store.state.repositories.values()}
        login = request.parts["login"]
        if login not in self._store.state.users and login not in owners:
            raise Refusal(404, "Not Found")
        return Reply(200, self._profile(request, login, is_own=False))

    def rate_limit(self, request: Request) -> Reply:
        """Budget of the token as the world has it: the stand-in never counts."""
        if not self._store.state.rate_limits:
            raise Refusal(404, "Rate limiting is not enabled.")
        left = request.user.budget if request.user else 60
        full = {"limit": 5000, "used": 5000 - left, "remaining": left, "reset": self._store.seconds() + 3600}
        return Reply(200, {"resources": {"core": full, "search": full, "graphql": full}, "rate": full})

    def facts(self, request: Request) -> Reply:
        """One repository."""
        repository = repository_of(self._store, request)
        return Reply(200, repository_view(self._store, request, repository, deep=True))

    def fork(self, request: Request) -> Reply:
        """Fork into the caller's account or an organization; an existing fork is answered again."""
        parent = repository_of(self._store, request)
        user = signed_in(request)
        if not has_scope(user, "repo", "public_repo"):
            raise Refusal(403, "Resource not accessible by personal access token: it lacks the scope public_repo")
        wanted = request.parse(NewFork)
        owner = wanted.organization or user.login
        for known in self._store.state.repositories.values():
            if known.owner == owner and known.network == parent.network:
                return Reply(202, repository_view(self._store, request, known, deep=True))
        seed = Repository(
            full_name=f"{owner}/{wanted.name or parent.full_name.split('/')[1]}",
            parent=parent.full_name,
            writers=[user.login],
            default_branch=parent.default_branch,
        )
        added = self._store.add_repository(seed)
        added.looks_until_ready = LOOKS_UNTIL_FORKED
        self._store.save()
        return Reply(202, repository_view(self._store, request, added, deep=True))

    def forks(self, request: Request) -> Reply:
        """All direct forks."""
        parent = repository_of(self._store, request).full_name
        found = [known for known in self._store.state.repositories.values() if known.parent == parent]
        return page_of(request, [repository_view(self._store, request, fork) for fork in found])

    def merge_upstream(self, request: Request) -> Reply:
        """Bring a fork's branch up to its parent's."""
        repository = repository_of(self._store, request)
        user = pusher(request, repository)
        if repository.parent is None:
            raise Refusal(422, f"{repository.full_name} is not a fork")
        branch = request.parse(Upstream).branch
        git = self._store.git(repository)
        parent = self._store.state.repositories[repository.parent]
        ours, theirs = git.commit_of(f"refs/heads/{branch}"), self._store.git(parent).commit_of(f"refs/heads/{branch}")
        if ours is None or theirs is None:
            raise Refusal(404, "Branch not found")
        answer = {"base_branch": f"{parent.owner}:{branch}"}
        if git.is_ancestor(theirs, ours):
            return Reply(200, {**answer, "merge_type": "none", "message": "This branch is not behind the upstream."})
        require_workflow_scope(user, git, theirs)
        if git.is_ancestor(ours, theirs):
            self._move(repository, branch, theirs)
            message = f"Successfully fetched and fast-forwarded from upstream {parent.owner}:{branch}."
            return Reply(200, {**answer, "merge_type": "fast-forward", "message": message})
        tree = git.merge_trees(ours, theirs)
        if tree is None:
            raise Refusal(409, "There are merge conflicts")
        author = signature(user.login, self._store.seconds())
        text = f"Merge branch '{parent.owner}:{branch}' into {branch}"
        self._move(repository, branch, git.write_commit(tree, [ours, theirs], text, author, author))
        return Reply(200, {**answer, "merge_type": "merge", "message": f"Successfully merged {parent.owner}:{branch}."})

    def _move(self, repository: RepositoryState, branch: str, commit: str) -> None:
        self._store.git(repository).set_ref(f"refs/heads/{branch}", commit)
        self._store.follow_branch(repository, f"refs/heads/{branch}")

    def branches(self, request: Request) -> Reply:
        """All branches."""
        repository = repository_of(self._store, request)
        url = api(request, repository)
        return page_of(
            request,
            [
                {
                    "name": name.removeprefix("refs/heads/"),
                    "commit": {"sha": sha, "url": f"{url}/commits/{sha}"},
                    "protected": False,
                }
                for name, sha in self._store.git(repository).refs("refs/heads/").items()
            ],
        )

    def branch(self, request: Request) -> Reply:
        """One branch with its last commit."""
        repository = repository_of(self._store, request)
        git = self._store.git(repository)
        sha = git.commit_of(f"refs/heads/{request.parts['branch']}")
        if sha is None:
            raise Refusal(404, "Branch not found")
        commit = commit_view(self._store, request, repository, git.read_commit(sha))
        url = f"{api(request, repository)}/branches/{request.parts['branch']}"
        links = {"self": url, "html": f"{request.base}/{repository.full_name}/tree/{request.parts['branch']}"}
        view = {"name": request.parts["branch"], "commit": commit, "protected": False, "_links": links}
        return Reply(200, {**view, "protection": {"enabled": False}, "protection_url": f"{url}/protection"})

    def commits(self, request: Request) -> Reply:
        """History of a branch (`sha`), newest first."""
        repository = repository_of(self._store, request)
        git = self._store.git(repository)
        head = self._commit(repository, request.query.get("sha") or repository.default_branch)
        shas = git.log(head)
        size = max(1, min(request.number("per_page", 30), 100))
        page = max(1, request.number("page", 1))
        wanted = set(shas[(page - 1) * size : page * size])
        # Only the page's commits are read: a history is long, a page short.
        views = [
            commit_view(self._store, request, repository, git.read_commit(sha)) if sha in wanted else {"sha": sha}
            for sha in shas
        ]
        return page_of(request, views)

    def commit(self, request: Request) -> Reply:
        """One commit with its files."""
        repository = repository_of(self._store, request)
        git = self._store.git(repository)
        commit = git.read_commit(self._commit(repository, request.parts["ref"]))
        view = commit_view(self._store, request, repository, commit)
        if commit.parents:
            view["files"] = files_view(request, repository, git, commit.parents[0], commit.sha)
        return Reply(200, view)

    def _commit(self, repository: RepositoryState, name: str) -> str:
        """A commit by branch, tag or sha; `owner:branch` looks into that owner's fork of the network."""
        owner, colon, branch = name.rpartition(":")
        if colon:
            for known in self._store.state.repositories.values():
                if known.owner == owner and known.network == repository.network:
                    repository, name = known, branch
                    break
        found = self._store.git(repository).commit_of(name)
        if found is None:
            raise Refusal(404, "Not Found")
        return found

    def contents(self, request: Request) -> Reply:
        """A file with its text, or a folder's list."""
        repository = repository_of(self._store, request)
        git = self._store.git(repository)
        commit = git.commit_of(request.query.get("ref") or repository.default_branch)
        if commit is None:
            raise Refusal(404, f"No commit found for the ref {request.query.get('ref', '')}")
        path = request.parts.get("path", "").strip("/")
        entry = git.find(commit, path) if path else None
        if entry is not None and entry.kind == "blob":
            return Reply(200, self._file(request, repository, git, entry, commit))
        if path and entry is None:
            raise Refusal(404, "Not Found")
        listed = git.entries(commit, path=f"{path}/" if path else "")
        return Reply(200, [self._listed(request, repository, child, commit) for child in listed])

    def _listed(self, request: Request, repository: RepositoryState, entry: Entry, commit: str) -> Json:
        view = tree_entry_view(request, repository, entry)
        address = f"{api(request, repository)}/contents/{entry.path}?ref={commit}"
        page = f"{request.base}/{repository.full_name}/blob/{commit}/{entry.path}"
        return {
            **view,
            "_links": {"self": address, "git": view["url"], "html": page},
            "type": "dir" if entry.kind == "tree" else "file",
            "size": entry.size_bytes or 0,
            "name": entry.path.rsplit("/", 1)[-1],
            "url": address,
            "git_url": view["url"],
            "html_url": page,
            "download_url": f"{request.base}/{repository.full_name}/raw/{commit}/{entry.path}",
        }

    def _file(
        self, request: Request, repository: RepositoryState, git: GitRepository, entry: Entry, commit: str
    ) -> Json:
        view = self._listed(request, repository, entry, commit)
        if (entry.size_bytes or 0) > INLINE_BYTES:
            return {**view, "encoding": "none", "content": ""}
        return {**view, "encoding": "base64", "content": base64.encodebytes(git.read_blob(entry.sha)).decode()}

    def compare(self, request: Request) -> Reply:
        """What `head` has that `base` lacks (`base...head`, each a ref, a sha or `owner:branch`)."""
        repository = repository_of(self._store, request)
        first, dots, second = request.parts["ends"].partition("...")
        if not dots:
            raise Refusal(404, "Not Found")
        base, head = self._commit(repository, first), self._commit(repository, second)
        git = self._store.git(repository)
        common = git.merge_base(base, head)
        if common is None:
            raise Refusal(404, f"No common ancestor between {first} and {second}.")
        ahead, behind = git.commits_between(base, head), git.commits_between(head, base)
        status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
        listed = [git.read_commit(sha) for sha in ahead[:LISTED_COMMITS]]
        page = f"{request.base}/{repository.full_name}/compare"
        view: Json = {
            "url": f"{api(request, repository)}/compare/{first}...{second}",
            "html_url": f"{page}/{first}...{second}",
            "permalink_url": f"{page}/{base}...{head}",
            "diff_url": f"{page}/{first}...{second}.diff",
            "patch_url": f"{page}/{first}...{second}.patch",
            "status": status.get((bool(ahead), bool(behind)), "diverged"),
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "base_commit": commit_view(self._store, request, repository, git.read_commit(base)),
            "merge_base_commit": commit_view(self._store, request, repository, git.read_commit(common)),
            "commits": [commit_view(self._store, request, repository, commit) for commit in listed],
            "files": files_view(request, repository, git, common, head),
        }
        return Reply(200, view)

    def label(self, request: Request) -> Reply:
        """One label."""
        repository, name = repository_of(self._store, request), request.parts["label"]
        if repository.labels is not None and name.lower() not in {label.lower() for label in repository.labels}:
            raise Refusal(404, "Not Found")
        return Reply(200, label_view(request, repository, name))

    def runners(self, request: Request) -> Reply:
        """Self-hosted runners; only writers see them."""
        repository = repository_of(self._store, request)
        pusher(request, repository)
        views = [
            {
                "id": number,
                "name": runner.name,
                "os": "linux",
                "status": "online" if runner.online else "offline",
                "busy": False,
                "labels": [{"id": at, "name": label, "type": "custom"} for at, label in enumerate(runner.labels)],
            }
            for number, runner in enumerate(repository.runners, 1)
        ]
        return Reply(200, {"total_count": len(views), "runners": views})

    def permission(self, request: Request) -> Reply:
        """What an account may do in a repository."""
        repository = repository_of(self._store, request)
        public_writer(request, repository)
        login = request.parts["login"]
        role = "write" if login in {repository.owner, *repository.writers} else "read"
        user = {**user_view(self._store, request, login), "role_name": role}
        return Reply(200, {"permission": role, "role_name": role, "user": user})
