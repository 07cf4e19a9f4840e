"""Who may do what on the GitHub side, refused in GitHub's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.standin.exchange import Refusal

if TYPE_CHECKING:
    from podium.standin.exchange import Request
    from podium.standin.state import RepositoryState
    from podium.standin.world import User

WORKFLOWS = ".github/workflows"


def signed_in(request: Request) -> User:
    """The caller's account. Raises Refusal 401."""
    if request.user is None:
        raise Refusal(401, "Requires authentication")
    return request.user


def has_scope(user: User, *scopes: str) -> bool:
    """Whether a classic token has one of the scopes; a fine-grained token has none and needs none."""
    return user.scopes is None or any(scope in user.scopes for scope in scopes)


def can_push(user: User | None, repository: RepositoryState) -> bool:
    """Whether this account may write to the repository."""
    return user is not None and user.login in {repository.owner, *repository.writers}


def public_writer(request: Request, repository: RepositoryState) -> User:
    """An account that may take part: open pull requests, review, comment. Raises Refusal 401 or 403."""
    user = signed_in(request)
    if not has_scope(user, "repo", "public_repo"):
        raise Refusal(403, "Resource not accessible by personal access token: it lacks the scope public_repo")
    if user.scopes is None and not can_push(user, repository):
        # A fine-grained token reaches only what its owner can write to.
        raise Refusal(403, "Resource not accessible by personal access token")
    if repository.archived:
        raise Refusal(403, "Repository was archived so is read-only.")
    return user


def pusher(request: Request, repository: RepositoryState) -> User:
    """An account that may change the repository. Raises Refusal 401 or 403."""
    user = public_writer(request, repository)
    if not can_push(user, repository):
        raise Refusal(403, f"Must have push access to {repository.full_name}.")
    return user


def author_or_pusher(request: Request, repository: RepositoryState, author: str) -> User:
    """The author of a pull request or comment, or a writer. Raises Refusal 401 or 403."""
    user = public_writer(request, repository)
    if user.login != author and not can_push(user, repository):
        raise Refusal(403, f"Must have write access to {repository.full_name} or be the author.")
    return user
