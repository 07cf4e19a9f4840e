"""What the boards know of a GitHub repository's pull requests, commits and reviews, and of what each is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from github.PullRequest import PullRequest
    from github.PullRequestReview import PullRequestReview


class BlobFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A file at a commit: git's name of its bytes, how many they are, and git's mode (a link has another one)."""

    sha: str
    size_bytes: int
    mode: str


class PullFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A pull request as far as the boards care. `reviewers` are accounts, and teams as `OWNER/TEAM`."""

    number: int
    url: str
    title: str
    body: str
    author: str
    branch: str
    from_fork: bool
    base: str
    head: str
    is_open: bool
    is_merged: bool
    is_draft: bool = False
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()


class BranchCommit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit with its parents, and who podium is to it.

    `is_own`: podium made it with this token's account. `is_copy`: it was, and somebody else put it on another base.
    """

    sha: str
    parents: tuple[str, ...]
    is_own: bool
    is_copy: bool


class ReviewFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One review: who, `state` and `association` in GitHub's words, and the commit that was looked at."""

    author: str
    state: str
    commit: str
    association: str


def pull_facts(pull: PullRequest, repository_id: int, owner: str) -> PullFacts:
    """A pull request of the repository with that number; names change, numbers do not."""
    head = pull.head.repo
    return PullFacts(
        number=pull.number,
        url=pull.html_url,
        title=pull.title,
        body=pull.body or "",
        author=pull.user.login if pull.user else "",
        branch=pull.head.ref,
        from_fork=head is None or head.id != repository_id,
        base=pull.base.ref,
        head=pull.head.sha,
        is_open=pull.state == "open",
        is_merged=pull.merged_at is not None,
        is_draft=bool(pull.draft),
        labels=tuple(label.name for label in pull.labels),
        reviewers=(
            *(user.login for user in pull.requested_reviewers),
            *(f"{owner}/{team.slug}" for team in pull.requested_teams),
        ),
    )


def review_facts(review: PullRequestReview) -> ReviewFacts:
    """A review by an account that still exists."""
    return ReviewFacts(
        author=review.user.login,
        state=review.state,
        commit=review.commit_id or "",
        association=str(review.raw_data.get("author_association", "")),
    )
