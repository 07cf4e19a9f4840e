"""GitHub routes around a pull request: reviews, requested reviewers, labels and comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from podium.standin.access import author_or_pusher, can_push, public_writer, pusher
from podium.standin.exchange import Refusal, Reply, page_of
from podium.standin.github.pulls import MAXIMUM_BODY, PULL, pull_of, refuse_pull
from podium.standin.github.repositories import REPOSITORY, repository_of
from podium.standin.github.views import comment_view, label_view, pull_view, review_view, user_view
from podium.standin.state import Comment, Review

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.standin.exchange import Request
    from podium.standin.state import Pull, RepositoryState, Store

ISSUE = f"{REPOSITORY}/issues/{{number}}"
COMMENT = f"{REPOSITORY}/issues/comments/{{comment}}"
STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


class NewReview(msgspec.Struct):
    """Body of POST reviews."""

    event: Literal["APPROVE", "REQUEST_CHANGES", "COMMENT"] | None = None
    body: str | None = None
    commit_id: str | None = None


class Dismissal(msgspec.Struct):
    """Body of PUT dismissals."""

    message: str


class Reviewers(msgspec.Struct):
    """Body of requested_reviewers."""

    reviewers: list[str] = []
    team_reviewers: list[str] = []


class Labels(msgspec.Struct):
    """Body of POST labels, when it is an object."""

    labels: list[str]


class Text(msgspec.Struct):
    """Body of a comment."""

    body: str


class Reviews:
    """The routes, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[tuple[str, str, Callable[[Request], Reply]]]:
        """Rows for the router."""
        return [
            ("GET", f"{PULL}/reviews", self.reviews),
            ("POST", f"{PULL}/reviews", self.new_review),
            ("GET", f"{PULL}/reviews/{{review}}", self.review),
            ("PUT", f"{PULL}/reviews/{{review}}/dismissals", self.dismiss),
            ("GET", f"{PULL}/requested_reviewers", self.requested),
            ("POST", f"{PULL}/requested_reviewers", self.request_reviewers),
            ("DELETE", f"{PULL}/requested_reviewers", self.drop_reviewers),
            ("GET", COMMENT, self.comment),
            ("PATCH", COMMENT, self.edit_comment),
            ("DELETE", COMMENT, self.delete_comment),
            ("GET", f"{ISSUE}/comments", self.comments),
            ("POST", f"{ISSUE}/comments", self.new_comment),
            ("GET", f"{ISSUE}/labels", self.labels),
            ("POST", f"{ISSUE}/labels", self.add_labels),
            ("PUT", f"{ISSUE}/lock", self.lock),
            ("DELETE", f"{ISSUE}/lock", self.lock),
        ]

    def reviews(self, request: Request) -> Reply:
        """All reviews, oldest first."""
        repository, pull = pull_of(self._store, request)
        return page_of(request, [review_view(self._store, request, repository, pull, item) for item in pull.reviews])

    def new_review(self, request: Request) -> Reply:
        """Approve, ask for changes or comment; nobody approves a pull request of his own."""
        repository, pull = pull_of(self._store, request)
        user = public_writer(request, repository)
        body = request.parse(NewReview)
        if user.login == pull.author and body.event in {"APPROVE", "REQUEST_CHANGES"}:
            word = "approve" if body.event == "APPROVE" else "request changes on"
            raise Refusal(422, "Unprocessable Entity", errors=[f"Can not {word} your own pull request"])
        if body.event in {"REQUEST_CHANGES", "COMMENT"} and not body.body:
            raise Refusal(422, "Unprocessable Entity", errors=["Body can't be blank"])
        commit = body.commit_id or pull.head_sha
        if self._store.git(repository).commit_of(commit) != commit:
            raise Refusal(422, "Unprocessable Entity", errors=["Could not resolve to a commit"])
        review = Review(
            id=self._store.new_id(),
            author=user.login,
            state=STATES[body.event] if body.event else "PENDING",
            body=body.body or "",
            commit=commit,
            created_at=self._store.now(),
        )
        pull.reviews.append(review)
        pull.reviewers = [login for login in pull.reviewers if login != user.login]
        self._touch(pull)
        return Reply(200, review_view(self._store, request, repository, pull, review))

    def _touch(self, pull: Pull) -> None:
        pull.updated_at = self._store.now()
        self._store.save()

    def _review(self, request: Request) -> tuple[RepositoryState, Pull, Review]:
        repository, pull = pull_of(self._store, request)
        for review in pull.reviews:
            if str(review.id) == request.parts["review"]:
                return repository, pull, review
        raise Refusal(404, "Not Found")

    def review(self, request: Request) -> Reply:
        """One review."""
        return Reply(200, review_view(self._store, request, *self._review(request)))

    def dismiss(self, request: Request) -> Reply:
        """Take an approval or a request for changes out of force."""
        repository, pull, review = self._review(request)
        pusher(request, repository)
        request.parse(Dismissal)
        if review.state not in {"APPROVED", "CHANGES_REQUESTED"}:
            raise Refusal(422, "Unprocessable Entity", errors=["Can not dismiss a commented pull request review"])
        review.state = "DISMISSED"
        self._touch(pull)
        return Reply(200, review_view(self._store, request, repository, pull, review))

    def requested(self, request: Request) -> Reply:
        """Who was asked for a review and has not given one."""
        _, pull = pull_of(self._store, request)
        return Reply(200, {"users": [user_view(self._store, request, login) for login in pull.reviewers], "teams": []})

    def request_reviewers(self, request: Request) -> Reply:
        """Ask collaborators for a review."""
        repository, pull = pull_of(self._store, request)
        pusher(request, repository)
        body = request.parse(Reviewers)
        strangers = [login for login in body.reviewers if login not in {repository.owner, *repository.writers}]
        if strangers or body.team_reviewers:
            raise Refusal(
                422,
                "Reviews may only be requested from collaborators. One or more of the users or teams you specified "
                f"is not a collaborator of the {repository.full_name} repository.",
            )
        if pull.author in body.reviewers:
            raise Refusal(422, "Review cannot be requested from pull request author.")
        pull.reviewers = list(dict.fromkeys([*pull.reviewers, *body.reviewers]))
        self._touch(pull)
        return Reply(201, pull_view(self._store, request, repository, pull))

    def drop_reviewers(self, request: Request) -> Reply:
        """Withdraw the request."""
        repository, pull = pull_of(self._store, request)
        pusher(request, repository)
        gone = request.parse(Reviewers).reviewers
        pull.reviewers = [login for login in pull.reviewers if login not in gone]
        self._touch(pull)
        return Reply(200, pull_view(self._store, request, repository, pull))

    def labels(self, request: Request) -> Reply:
        """The labels."""
        repository, pull = pull_of(self._store, request)
        return page_of(request, [label_view(request, repository, name) for name in pull.labels])

    def add_labels(self, request: Request) -> Reply:
        """Add labels; to make one takes more rights than the tokens here have."""
        repository, pull = pull_of(self._store, request)
        user = public_writer(request, repository)
        if not can_push(user, repository):
            raise Refusal(403, f"Must have triage access to {repository.full_name}.")
        body = request.parse(Labels | list[str])  # type: ignore[arg-type]
        names = body.labels if isinstance(body, Labels) else body
        if repository.labels is not None and not set(names) <= {*repository.labels, *pull.labels}:
            unknown = {"resource": "Repository", "field": "label", "code": "unauthorized"}
            message = "You do not have permission to create labels on this repository."
            raise Refusal(403, message, errors=[unknown])
        pull.labels = list(dict.fromkeys([*pull.labels, *names]))
        self._touch(pull)
        return Reply(200, [label_view(request, repository, name) for name in pull.labels])

    def lock(self, request: Request) -> Reply:
        """Lock the conversation for all but writers, or unlock it."""
        repository, pull = pull_of(self._store, request)
        pusher(request, repository)
        pull.locked = request.method == "PUT"
        self._touch(pull)
        return Reply(204)

    def comments(self, request: Request) -> Reply:
        """All comments, oldest first."""
        repository, pull = pull_of(self._store, request)
        return page_of(request, [comment_view(self._store, request, repository, pull, item) for item in pull.comments])

    def new_comment(self, request: Request) -> Reply:
        """Comment on a pull request."""
        repository, pull = pull_of(self._store, request)
        user = public_writer(request, repository)
        if pull.locked and not can_push(user, repository):
            raise Refusal(403, "Unable to create comment because issue is locked.")
        comment = Comment(
            id=self._store.new_id(),
            author=user.login,
            body=self._text(request),
            created_at=self._store.now(),
            updated_at=self._store.now(),
        )
        pull.comments.append(comment)
        self._touch(pull)
        return Reply(201, comment_view(self._store, request, repository, pull, comment))

    @staticmethod
    def _text(request: Request) -> str:
        text = request.parse(Text).body
        if not text.strip() or len(text) > MAXIMUM_BODY:
            refuse_pull("custom", "body", f"body can't be blank or longer than {MAXIMUM_BODY} characters")
        return text

    def _comment(self, request: Request) -> tuple[RepositoryState, Pull, Comment]:
        repository = repository_of(self._store, request)
        for pull in repository.pulls:
            for comment in pull.comments:
                if str(comment.id) == request.parts["comment"]:
                    return repository, pull, comment
        raise Refusal(404, "Not Found")

    def comment(self, request: Request) -> Reply:
        """One comment."""
        return Reply(200, comment_view(self._store, request, *self._comment(request)))

    def edit_comment(self, request: Request) -> Reply:
        """Replace a comment's text."""
        repository, pull, comment = self._comment(request)
        author_or_pusher(request, repository, comment.author)
        comment.body, comment.updated_at = self._text(request), self._store.now()
        self._touch(pull)
        return Reply(200, comment_view(self._store, request, repository, pull, comment))

    def delete_comment(self, request: Request) -> Reply:
        """Remove a comment."""
        repository, pull, comment = self._comment(request)
        author_or_pusher(request, repository, comment.author)
        pull.comments.remove(comment)
        self._touch(pull)
        return Reply(204)
