"""GitHub's pull request routes: list, open, edit, files, and merge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NoReturn

import msgspec

from podium.standin.access import author_or_pusher, can_push, public_writer, pusher
from podium.standin.exchange import Refusal, Reply, page_of
from podium.standin.github.repositories import REPOSITORY, repository_of
from podium.standin.github.views import commit_view, files_view, pull_view, user_view
from podium.standin.state import Pull, signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.standin.exchange import Json, Request
    from podium.standin.gitstore import GitRepository
    from podium.standin.state import RepositoryState, Store

PULL = f"{REPOSITORY}/pulls/{{number}}"
MAXIMUM_BODY = 65_536
MAXIMUM_TITLE = 256


class NewPull(msgspec.Struct):
    """Body of POST pulls."""

    head: str
    base: str
    title: str = ""
    body: str | None = None
    head_repo: str | None = None
    draft: bool = False


class EditedPull(msgspec.Struct):
    """Body of PATCH pulls/{number}."""

    title: str | None = None
    body: str | msgspec.UnsetType | None = msgspec.UNSET
    state: Literal["open", "closed"] | None = None
    base: str | None = None


class Merge(msgspec.Struct):
    """Body of PUT pulls/{number}/merge."""

    commit_title: str | None = None
    sha: str | None = None


def refuse_pull(code: str, field: str = "", message: str = "") -> NoReturn:
    """Raise GitHub's 422 for a pull request, with the one error that caused it."""
    error: Json = {"resource": "PullRequest", "code": code}
    if field:
        error["field"] = field
    if message:
        error["message"] = message
    raise Refusal(422, "Validation Failed", errors=[error])


def pull_of(store: Store, request: Request) -> tuple[RepositoryState, Pull]:
    """The pull request the path names. Raises Refusal 404."""
    repository = repository_of(store, request)
    for pull in repository.pulls:
        if str(pull.number) == request.parts["number"]:
            return repository, pull
    raise Refusal(404, "Not Found")


def _base_of(git: GitRepository, pull: Pull) -> str:
    """Where the base branch is; it may move while the pull request is open."""
    return (git.ref(f"refs/heads/{pull.base}") if pull.state == "open" else None) or pull.base_sha


def start_of(git: GitRepository, pull: Pull) -> str:
    """The commit a pull request branched off."""
    base = _base_of(git, pull)
    return git.merge_base(base, pull.head_sha) or base


def _check_texts(title: str | None, body: str | None) -> None:
    if title is not None and len(title) > MAXIMUM_TITLE:
        refuse_pull("custom", "title", f"title is too long (maximum is {MAXIMUM_TITLE} characters)")
    if body is not None and len(body) > MAXIMUM_BODY:
        refuse_pull("custom", "body", f"body is too long (maximum is {MAXIMUM_BODY} characters)")


class Pulls:
    """The routes, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[tuple[str, str, Callable[[Request], Reply]]]:
        """Rows for the router."""
        return [
            ("GET", f"{REPOSITORY}/pulls", self.listed),
            ("POST", f"{REPOSITORY}/pulls", self.create),
            ("GET", PULL, self.one),
            ("PATCH", PULL, self.edit),
            ("GET", f"{PULL}/files", self.files),
            ("GET", f"{PULL}/commits", self.commits),
            ("GET", f"{PULL}/merge", self.is_merged),
            ("PUT", f"{PULL}/merge", self.merge),
        ]

    def listed(self, request: Request) -> Reply:
        """Pull requests by state, head and base. As on GitHub, a head without `owner:` filters nothing."""
        repository = repository_of(self._store, request)
        state, base, head = (request.query.get(name, "") for name in ("state", "base", "head"))
        owner, colon, branch = head.partition(":")
        found = [
            pull
            for pull in repository.pulls
            if state in {"all", pull.state} or (not state and pull.state == "open")
            if base in {"", pull.base}
            if not colon or (owner, branch) == (pull.head_repository.split("/")[0], pull.head)
        ]
        by_update = request.query.get("sort") == "updated"
        down = request.query.get("direction", "desc") == "desc"
        found.sort(key=lambda pull: (pull.updated_at if by_update else "", pull.number), reverse=down)
        return page_of(request, [pull_view(self._store, request, repository, pull) for pull in found])

    def _head_of(self, repository: RepositoryState, body: NewPull) -> tuple[RepositoryState, str]:
        owner, colon, branch = body.head.rpartition(":")
        if body.head_repo:
            full_name = body.head_repo if "/" in body.head_repo else f"{owner or repository.owner}/{body.head_repo}"
            found = self._store.state.repositories.get(full_name)
            if found is not None and found.network == repository.network:
                return found, branch
            refuse_pull("invalid", "head_repo")
        if not colon or owner == repository.owner:
            return repository, branch
        for known in self._store.state.repositories.values():
            if known.owner == owner and known.network == repository.network:
                return known, branch
        refuse_pull("invalid", "head")

    def create(self, request: Request) -> Reply:
        """Open a pull request. Raises Refusal 422 as GitHub does: exists, no commits, invalid or missing fields."""
        repository = repository_of(self._store, request)
        user = public_writer(request, repository)
        body = request.parse(NewPull)
        if not body.title.strip():
            refuse_pull("missing_field", "title")
        _check_texts(body.title, body.body)
        head, branch = self._head_of(repository, body)
        base_sha, head_sha = self._ends(repository, head, branch, body.base)
        if not can_push(user, head):
            raise Refusal(403, f"Must have push access to {head.full_name}.")
        self._refuse_twin(repository, head.full_name, branch, body.base)
        git = self._store.git(repository)
        if not git.commits_between(base_sha, head_sha):
            label = branch if head is repository else f"{head.owner}:{branch}"
            refuse_pull("custom", message=f"No commits between {body.base} and {label}")
        pull = Pull(
            id=self._store.new_id(),
            number=len(repository.pulls) + 1,
            title=body.title,
            body=body.body,
            author=user.login,
            base=body.base,
            base_sha=base_sha,
            head_repository=head.full_name,
            head=branch,
            head_sha=head_sha,
            draft=body.draft,
            created_at=self._store.now(),
            updated_at=self._store.now(),
        )
        git.set_ref(f"refs/pull/{pull.number}/head", head_sha)
        repository.pulls.append(pull)
        self._store.save()
        return Reply(201, self._full(request, repository, pull))

    def _ends(self, repository: RepositoryState, head: RepositoryState, branch: str, base: str) -> tuple[str, str]:
        base_sha = self._store.git(repository).ref(f"refs/heads/{base}")
        head_sha = self._store.git(head).ref(f"refs/heads/{branch}")
        if base_sha is None or head_sha is None:
            refuse_pull("invalid", "base" if base_sha is None else "head")
        return base_sha, head_sha

    @staticmethod
    def _refuse_twin(repository: RepositoryState, head_repository: str, head: str, base: str) -> None:
        for pull in repository.pulls:
            if pull.state == "open" and (pull.head_repository, pull.head, pull.base) == (head_repository, head, base):
                owner = head_repository.split("/")[0]
                refuse_pull("custom", message=f"A pull request already exists for {owner}:{head}.")

    def _full(self, request: Request, repository: RepositoryState, pull: Pull) -> Json:
        git = self._store.git(repository)
        start = start_of(git, pull)
        changes = git.diff(start, pull.head_sha)
        counts = [[int(text) if text != "-" else 0 for text in change[2:]] for change in changes]
        merges = pull.state == "open" and git.merge_trees(_base_of(git, pull), pull.head_sha) is not None
        return {
            **pull_view(self._store, request, repository, pull),
            "merged": pull.merged_at is not None,
            "merged_by": user_view(self._store, request, repository.owner) if pull.merged_at else None,
            "mergeable": merges,
            "mergeable_state": "clean" if merges else "dirty",
            "comments": len(pull.comments),
            "review_comments": 0,
            "commits": len(git.commits_between(start, pull.head_sha)),
            "additions": sum(added for added, _ in counts),
            "deletions": sum(removed for _, removed in counts),
            "changed_files": len(changes),
        }

    def one(self, request: Request) -> Reply:
        """One pull request with its counts."""
        return Reply(200, self._full(request, *pull_of(self._store, request)))

    def edit(self, request: Request) -> Reply:
        """Change title, body, base or state."""
        repository, pull = pull_of(self._store, request)
        author_or_pusher(request, repository, pull.author)
        body = request.parse(EditedPull)
        if body.title is not None and not body.title.strip():
            refuse_pull("missing_field", "title")
        _check_texts(body.title, body.body or None)
        if body.base is not None and self._store.git(repository).commit_of(f"refs/heads/{body.base}") is None:
            refuse_pull("invalid", "base")
        if body.state is not None and body.state != pull.state:
            self._change_state(repository, pull, body.state)
        pull.title = pull.title if body.title is None else body.title
        pull.body = pull.body if body.body is msgspec.UNSET else body.body
        pull.base = body.base or pull.base
        pull.updated_at = self._store.now()
        self._store.save()
        return Reply(200, self._full(request, repository, pull))

    def _change_state(self, repository: RepositoryState, pull: Pull, state: str) -> None:
        if state == "closed":
            pull.base_sha = _base_of(self._store.git(repository), pull)
            pull.state, pull.closed_at = "closed", self._store.now()
            return
        head = self._store.state.repositories[pull.head_repository]
        head_sha = self._store.git(head).commit_of(f"refs/heads/{pull.head}")
        if pull.merged_at is not None or head_sha is None:
            refuse_pull("invalid", "state", "state cannot be changed. The branch was merged, or it is gone.")
        self._refuse_twin(repository, pull.head_repository, pull.head, pull.base)
        pull.state, pull.closed_at, pull.head_sha = "open", None, head_sha

    def files(self, request: Request) -> Reply:
        """What the pull request changes."""
        repository, pull = pull_of(self._store, request)
        git = self._store.git(repository)
        start = start_of(git, pull)
        return page_of(request, files_view(request, repository, git, start, pull.head_sha))

    def commits(self, request: Request) -> Reply:
        """The pull request's commits, oldest first."""
        repository, pull = pull_of(self._store, request)
        git = self._store.git(repository)
        listed = [git.read_commit(sha) for sha in git.commits_between(start_of(git, pull), pull.head_sha)]
        return page_of(request, [commit_view(self._store, request, repository, commit) for commit in listed])

    def is_merged(self, request: Request) -> Reply:
        """204 when merged, else 404."""
        if pull_of(self._store, request)[1].merged_at is None:
            raise Refusal(404, "Not Found")
        return Reply(204)

    def merge(self, request: Request) -> Reply:
        """Merge with a merge commit."""
        repository, pull = pull_of(self._store, request)
        user = pusher(request, repository)
        body = request.parse(Merge)
        if body.sha not in {None, pull.head_sha}:
            raise Refusal(409, "Head branch was modified. Review and try the merge again.")
        git = self._store.git(repository)
        base = git.commit_of(f"refs/heads/{pull.base}")
        tree = git.merge_trees(base, pull.head_sha) if base else None
        if pull.state != "open" or base is None or tree is None:
            raise Refusal(405, "Pull Request is not mergeable")
        title = body.commit_title or f"Merge pull request #{pull.number} from {pull.head_repository}/{pull.head}"
        author = signature(user.login, self._store.seconds())
        pull.base_sha = base
        pull.merge_commit = git.write_commit(tree, [base, pull.head_sha], title, author, author)
        git.set_ref(f"refs/heads/{pull.base}", pull.merge_commit)
        pull.state, pull.closed_at = "closed", self._store.now()
        pull.merged_at = pull.updated_at = pull.closed_at
        self._store.follow_branch(repository, f"refs/heads/{pull.base}")
        return Reply(200, {"sha": pull.merge_commit, "merged": True, "message": "Pull Request successfully merged"})
