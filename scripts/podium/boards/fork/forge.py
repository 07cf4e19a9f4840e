"""One GitHub repository as the boards see it: facts, a branch, a folder at a commit, pull requests, reviews.

Every failure is a BoardError or one of its kinds. Which call to make, and when, is decided elsewhere.
"""

from __future__ import annotations

import base64
import re
import time
from email.utils import format_datetime, parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from podium.boards.answers import SAFE_AGAIN, RefusedError, github_answers, patiently
from podium.boards.fork.facts import BlobFacts, BranchCommit, PullFacts, ReviewFacts, pull_facts, review_facts
from podium.errors import BoardUnreachableError, TokenScopeError
from podium.submission.marks import TRAILER, plain
from podium.tokens import is_on_this_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from github import Github
    from github.Commit import Commit
    from github.GitTreeElement import GitTreeElement
    from github.PullRequest import PullRequest
    from github.Repository import Repository

T = TypeVar("T")
MODE = "100644"
# What a review says of its author when the token may not look up permissions.
TRUSTED_ASSOCIATIONS = {"OWNER", "MEMBER", "COLLABORATOR"}
# GitHub itself is the committer of what it signs.
WEB_FLOW = "web-flow"
_NUMBERED = re.compile(r"/repositories/(\d+)$")


class Budget(NamedTuple):
    """How many calls a token may make until GitHub's limit is reset, and when that is, by GitHub's clock."""

    calls: int
    wait_seconds: float


def _content(entry: GitTreeElement) -> str:
    """A file's blob; a link or an executable with the same bytes is not the same file."""
    return entry.sha if entry.mode == MODE else f"{entry.mode} {entry.sha}"


class Forge:
    """A GitHub repository behind a client."""

    def __init__(self, client: Github, repository: str, pause: Callable[[float], None] = time.sleep) -> None:
        self._client, self._pause = client, pause
        self._named = repository
        self._known: Repository | None = None
        auth = client.requester.auth
        self._secret = auth.token if auth else ""

    @property
    def is_near(self) -> bool:
        """Whether its API is served on this machine."""
        return is_on_this_machine(self._client.requester.base_url)

    def _answers(self, doing: str) -> AbstractContextManager[None]:
        return github_answers(doing, self._secret)

    def _write(self, doing: str, call: Callable[[], T]) -> T:
        def once() -> T:
            with self._answers(doing):
                return call()

        return patiently(once, self._pause)

    @property
    def repository(self) -> str:
        """OWNER/REPO: as GitHub answers it, once it was asked, which is another name after a rename."""
        return (self._known.full_name if self._known is not None else None) or self._named

    @property
    def renamed(self) -> str:
        """The sentence about a repository that has another name than the one it was looked for by; or nothing."""
        if self.repository.lower() == self._named.lower():
            return ""
        return f"{self._named} is {self.repository} now; GitHub leads on from the old name"

    @property
    def _repo(self) -> Repository:
        if self._known is None:
            with self._answers(f"look at the repository {self._named}"):
                self._known = self._found(self._named)
        return self._known

    def _found(self, name: str) -> Repository:
        """A repository, also behind a redirect that the client does not follow (307 instead of 301)."""
        found = self._client.get_repo(name)
        number = _NUMBERED.search(str(found.raw_headers.get("location", "")))
        return self._client.get_repo(int(number[1])) if number and not found.raw_data.get("id") else found

    def forget(self) -> None:
        """Look at the repository anew."""
        self._known = None

    @cached_property
    def login(self) -> str:
        """The account of the token; empty for an App or GITHUB_TOKEN, which may not ask who they are."""
        try:
            with self._answers("ask GitHub whose token this is"):
                return self._client.get_user().login
        except TokenScopeError:
            return ""

    def is_me(self, login: str) -> bool:
        """Whether an account is the token's; for a token that has no name, whether it is a bot."""
        return login.lower() == self.login.lower() if self.login else login.endswith("[bot]")

    @property
    def exists(self) -> bool:
        """Whether there is such a repository that the token may see."""
        try:
            found = self._repo.id
        except RefusedError as err:
            if err.kind != "missing":
                raise
            return False
        if not found:  # from a proxy, for example
            message = f"could not look at the repository {self._named}: GitHub's API answered with no repository"
            raise BoardUnreachableError(message, hint=SAFE_AGAIN)
        return True

    def is_fork_of(self, upstream: str) -> bool:
        """Whether the repository is `upstream`'s fork, directly or through other forks; its name may be an old one."""
        roots = [root for root in (self._repo.parent, self._repo.source) if root is not None]
        if upstream.lower() in {root.full_name.lower() for root in roots}:
            return True
        try:
            with self._answers(f"look at the repository {upstream}"):
                return self._found(upstream).id in {root.id for root in roots}
        except RefusedError as err:
            if err.kind != "missing":
                raise
            return False

    @property
    def scopes(self) -> list[str] | None:
        """The scopes of a classic token; None for any other, which names none."""
        # Told with every answer, so after the one that tells the account.
        return self._client.oauth_scopes if self.login else None

    @cached_property
    def budget(self) -> Budget | None:
        """What the token may still ask GitHub; None where nothing is counted, as GitHub Enterprise does by default."""
        try:
            with self._answers("ask GitHub for this token's limits"):
                limits = self._client.get_rate_limit()
        except RefusedError as err:
            if err.kind != "missing":
                raise
            return None
        core = limits.resources.core
        now = parsedate_to_datetime(str(limits.raw_headers.get("date") or format_datetime(core.reset)))
        return Budget(calls=core.remaining, wait_seconds=max(0.0, (core.reset - now).total_seconds()))

    def fork_from(self, upstream: str) -> None:
        """Ask for this repository as a fork of `upstream`; GitHub makes it in its own time.

        An owner has one fork of a network: where that is there under another name, GitHub answers with it.
        """
        owner, _, name = self._named.partition("/")
        options = {} if owner.lower() == self.login.lower() else {"organization": owner}
        doing = f"fork {upstream} as {self._named}"
        with self._answers(doing):
            source = self._found(upstream)
        made = self._write(doing, lambda: source.create_fork(name=name, default_branch_only=True, **options))
        self._named = made.full_name or self._named

    def sync(self, branch: str) -> str:
        """Bring a branch up to the upstream's; returns GitHub's sentence. Raises RefusedError on conflicts."""
        doing = f"bring {branch} of {self.repository} up to its upstream"
        return str(self._write(doing, lambda: self._repo.merge_upstream(branch)).message)

    @property
    def is_archived(self) -> bool:
        """Whether the repository is read-only."""
        return self._repo.archived

    @property
    def can_push(self) -> bool:
        """Whether the token may write."""
        permissions = self._repo.permissions
        return bool(permissions and permissions.push)

    # Branches and folders

    def head_of(self, branch: str) -> str | None:
        """The branch's last commit, or None if there is no such branch."""
        try:
            with self._answers(f"look at the branch {branch} of {self.repository}"):
                return self._repo.get_git_ref(f"heads/{branch}").object.sha
        except RefusedError as err:
            if err.kind == "missing":
                return None
            raise

    def base_of(self, branch: str) -> tuple[str, str] | None:
        """Name and last commit of a branch, also one that has another name now; None if there is none."""
        head = self.head_of(branch)
        if head is not None:
            return branch, head
        try:
            with self._answers(f"look for the branch {branch} of {self.repository}"):
                found = self._repo.get_branch(branch)
        except RefusedError as err:
            if err.kind != "missing":
                raise
            return None
        return found.name, found.commit.sha

    def blobs_at(self, commit: str, folder: str) -> dict[str, str]:
        """Git's names of all files of a folder at a commit, by path below it; empty if there is no such folder."""
        return {entry.path: _content(entry) for entry in self._files(commit, folder)}

    def files_at(self, commit: str, folder: str) -> dict[str, BlobFacts]:
        """All files of a folder at a commit, by path below it; empty if there is no such folder."""
        return {
            entry.path: BlobFacts(sha=entry.sha, size_bytes=entry.size or 0, mode=entry.mode)
            for entry in self._files(commit, folder)
        }

    def _files(self, commit: str, folder: str) -> list[GitTreeElement]:
        with self._answers(f"list {folder} of {self.repository}"):
            sha = commit
            for part in folder.split("/"):
                entries = self._repo.get_git_tree(sha).tree
                found = [entry.sha for entry in entries if entry.path == part and entry.type == "tree"]
                if not found:
                    return []
                sha = found[0]
            listed = self._repo.get_git_tree(sha, recursive=True).tree
            return [entry for entry in listed if entry.type != "tree"]

    def read_blob(self, sha: str) -> bytes:
        """The bytes of a file by git's name of them."""
        with self._answers(f"read a file of {self.repository}"):
            return base64.b64decode(self._repo.get_git_blob(sha).content)

    def changed_paths(self, number: int) -> list[str]:
        """The files that a pull request changes, whatever it does to them."""
        with self._answers(f"list the files of pull request #{number} of {self.repository}"):
            return [file.filename for file in self._repo.get_pull(number).get_files()]

    def commits_beyond(self, base: str, branch_head: str) -> list[BranchCommit]:
        """Commits of the branch that the base lacks, oldest first, each with who podium is to it."""
        with self._answers(f"compare {base} with {branch_head} in {self.repository}"):
            return [self._branch_commit(commit) for commit in self._repo.compare(base, branch_head).commits]

    def _branch_commit(self, commit: Commit) -> BranchCommit:
        author, committer = (who.login if who else "" for who in (commit.author, commit.committer))
        has_trailer = any(line.startswith(TRAILER) for line in commit.commit.message.splitlines())
        is_ours = has_trailer and self.is_me(author)
        return BranchCommit(
            sha=commit.sha,
            parents=tuple(parent.sha for parent in commit.parents),
            is_own=is_ours and committer in {author, WEB_FLOW},
            is_copy=is_ours and committer not in {author, WEB_FLOW},
        )

    def write_blob(self, data: bytes) -> str:
        """Store one file's bytes; repeating it changes nothing."""
        text = base64.b64encode(data).decode()
        doing = f"send a file of {len(data):,} bytes to {self.repository}"
        return self._write(doing, lambda: self._repo.create_git_blob(text, "base64").sha)

    def write_commit(self, parents: list[str], changes: Mapping[str, str | None], message: str) -> str:
        """Store a commit: the last parent's tree with `changes` (path to blob; None deletes). No branch moves."""
        from github import InputGitTreeElement

        elements = [InputGitTreeElement(path, MODE, "blob", sha=blob) for path, blob in sorted(changes.items())]
        doing = f"write a commit to {self.repository}"
        with self._answers(doing):
            commits = [self._repo.get_git_commit(parent) for parent in parents]
        tree = self._write(doing, lambda: self._repo.create_git_tree(elements, commits[-1].tree))
        # Author and dates are GitHub's choice: such commits of an App are signed.
        return self._write(doing, lambda: self._repo.create_git_commit(message, tree, commits)).sha

    def create_branch(self, branch: str, commit: str) -> None:
        """Create a branch. Raises RefusedError `exists`."""
        doing = f"create the branch {branch} in {self.repository}"
        self._write(doing, lambda: self._repo.create_git_ref(f"refs/heads/{branch}", commit))

    def advance_branch(self, branch: str, commit: str) -> None:
        """Move a branch forward; never over a commit that `commit` does not contain. Raises RefusedError `moved`."""
        doing = f"move the branch {branch} of {self.repository}"
        self._write(doing, lambda: self._repo.get_git_ref(f"heads/{branch}").edit(commit, force=False))

    def delete_branch(self, branch: str) -> None:
        """Delete a branch."""
        doing = f"delete the branch {branch} of {self.repository}"
        self._write(doing, lambda: self._repo.get_git_ref(f"heads/{branch}").delete())

    # Pull requests

    def pulls(self, state: str) -> list[PullFacts]:
        """All pull requests in a state, newest first; GitHub's own filter by head is unreliable for one owner."""
        with self._answers(f"list the pull requests of {self.repository}"):
            listed = self._repo.get_pulls(state=state, sort="created", direction="desc")
            return [self._facts(pull) for pull in listed]

    def pull(self, number: int) -> PullFacts:
        """One pull request. Raises RefusedError `missing`."""
        with self._answers(f"look at pull request #{number} of {self.repository}"):
            return self._facts(self._repo.get_pull(number))

    def _facts(self, pull: PullRequest) -> PullFacts:
        return pull_facts(pull, self._repo.id, self._repo.owner.login)

    def open_pull(self, branch: str, base: str, title: str, body: str) -> PullFacts:
        """Open a pull request within this repository. Raises RefusedError `exists`, `no_commits` and others."""
        doing = f"open a pull request in {self.repository}"
        return self._facts(
            self._write(doing, lambda: self._repo.create_pull(base=base, head=branch, title=title, body=body))
        )

    def edit_pull(self, number: int, title: str, body: str, base: str) -> None:
        """Give a pull request another title, text and base; the base is named only if it is another one."""
        from github.GithubObject import NotSet

        doing = f"edit pull request #{number} of {self.repository}"

        def edit() -> None:
            pull = self._repo.get_pull(number)
            pull.edit(title=title, body=body, base=NotSet if pull.base.ref == base else base)

        self._write(doing, edit)

    def close_pull(self, number: int, body: str) -> None:
        """Close a pull request and give it another text, in one call."""
        doing = f"close pull request #{number} of {self.repository}"
        self._write(doing, lambda: self._repo.get_pull(number).edit(body=body, state="closed"))

    def add_labels(self, number: int, labels: tuple[str, ...]) -> None:
        """Label a pull request."""
        doing = f"label pull request #{number} of {self.repository} with {', '.join(labels)}"
        self._write(doing, lambda: self._repo.get_pull(number).add_to_labels(*labels))

    def request_reviews(self, number: int, reviewers: tuple[str, ...]) -> None:
        """Ask accounts for a review, and teams of the owner (`OWNER/TEAM`)."""
        doing = f"ask {', '.join(reviewers)} for a review of pull request #{number} of {self.repository}"
        wanted = {
            "reviewers": [name for name in reviewers if "/" not in name],
            "team_reviewers": [name.partition("/")[2] for name in reviewers if "/" in name],
        }
        asked = {kind: names for kind, names in wanted.items() if names}
        self._write(doing, lambda: self._repo.get_pull(number).create_review_request(**asked))

    def comment_once(self, number: int, text: str) -> None:
        """Comment on a pull request unless this very comment stands there; a lost answer is never repeated blindly."""
        doing = f"comment on pull request #{number} of {self.repository}"
        with self._answers(doing):
            pull = self._repo.get_pull(number)
            if any(plain(comment.body or "") == plain(text) for comment in pull.get_issue_comments()):
                return
        self._write(doing, lambda: pull.create_issue_comment(text))

    def reviews(self, number: int) -> list[ReviewFacts]:
        """All reviews of a pull request, oldest first."""
        with self._answers(f"read the reviews of pull request #{number} of {self.repository}"):
            return [review_facts(review) for review in self._repo.get_pull(number).get_reviews() if review.user]

    def may_write(self, review: ReviewFacts) -> bool:
        """Whether the author of a review has write access here, so that the approval counts.

        A token of another repository may not look that up; then the association that GitHub prints decides.
        """
        try:
            with self._answers(f"look up what {review.author} may do in {self.repository}"):
                permission = self._repo.get_collaborator_permission(review.author)
                return permission in {"admin", "maintain", "write"}
        except TokenScopeError:
            return review.association in TRUSTED_ASSOCIATIONS
        except RefusedError as err:  # the account is gone
            if err.kind != "missing":
                raise
            return False
