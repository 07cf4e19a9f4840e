"""What was approved is what is published: the fork's pull request, its reviews, and the files at its head.

Reads GitHub only. Anything short of a valid approval of exactly this submission is an ApprovalError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.boards.answers import RefusedError
from podium.boards.fork.board import same_texts
from podium.boards.fork.branch import foreign_commits
from podium.errors import ApprovalError
from podium.submission.marks import WITHDRAWN

if TYPE_CHECKING:
    from podium.boards.fork.facts import PullFacts, ReviewFacts
    from podium.boards.fork.forge import Forge
    from podium.records import Receipt
    from podium.submission.package import Package

# A comment leaves an earlier decision of the same person in force.
DECISIONS = {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}
OPEN_ONE = "podium submit RUN_DIR opens a pull request; a reviewer approves it there"
AGAIN = "run podium submit RUN_DIR again and have the pull request approved as it then is"


def approved_pull(forge: Forge, receipt: Receipt, package: Package) -> PullFacts:
    """The pull request of `receipt`, proven to be approved with exactly this package. Raises ApprovalError."""
    if receipt.submission_sha256 != package.submission.sha256:
        message = "the submission is not the one that was sent to the fork: submit.json names another digest"
        raise ApprovalError(message, hint=AGAIN)
    if receipt.outcome == "closed":
        message = f"the submission was withdrawn, so nothing is approved: {receipt.url or receipt.branch} is closed"
        raise ApprovalError(message, hint=OPEN_ONE)
    if not receipt.number:
        message = f"submit.json names no pull request in the fork ({receipt.outcome}: {receipt.reason or 'no reason'})"
        raise ApprovalError(message, hint=OPEN_ONE)
    pull = _pull(forge, receipt)
    _require_approval(forge, pull, package)
    if forge.blobs_at(pull.head, package.submission.folder) != package.blobs():
        message = f"the files at the head of {pull.url} are not the ones of this submission"
        raise ApprovalError(message, hint=AGAIN)
    if not same_texts(pull, package):
        message = f"title or text of {pull.url} are not the ones of this submission"
        raise ApprovalError(message, hint=AGAIN)
    return pull


def _pull(forge: Forge, receipt: Receipt) -> PullFacts:
    try:
        pull = forge.pull(receipt.number)
    except RefusedError as err:
        message = f"there is no pull request #{receipt.number} in {forge.repository}"
        raise ApprovalError(message, hint=AGAIN) from err
    if pull.from_fork or pull.branch != receipt.branch:
        message = f"{pull.url} is not the pull request that podium opened: it comes from {pull.branch}"
        raise ApprovalError(message, hint=AGAIN)
    if not pull.is_open and not pull.is_merged and WITHDRAWN in pull.body:
        message = f"{pull.url} was withdrawn and closed, so nothing is approved"
        raise ApprovalError(message, hint=OPEN_ONE)
    if pull.is_draft and pull.is_open:
        message = f"{pull.url} is a draft, so it is not ready to be published"
        raise ApprovalError(message, hint="somebody with write access marks it as ready for review there")
    if not pull.is_open and not pull.is_merged:
        message = f"{pull.url} was closed without being merged, so it is not approved"
        raise ApprovalError(message, hint="reopen it and have it approved, or leave it: nothing was published")
    return pull


def _require_approval(forge: Forge, pull: PullFacts, package: Package) -> None:
    latest: dict[str, ReviewFacts] = {}
    for review in forge.reviews(pull.number):
        if review.state in DECISIONS:
            latest[review.author] = review
    # As on GitHub itself, only who may write can stand in the way.
    asked = [review for review in latest.values() if review.state == "CHANGES_REQUESTED"]
    against = sorted(review.author for review in asked if forge.may_write(review))
    if against:
        message = f"{', '.join(against)} asked for changes in {pull.url}"
        raise ApprovalError(message, hint="settle it there; the approval counts once no request for changes stands")
    approvals = [review for review in latest.values() if review.state == "APPROVED" and review.author != pull.author]
    current = [review for review in approvals if _is_of_this(forge, pull, package, review.commit)]
    if not any(forge.may_write(review) for review in current):
        hint = f"somebody other than {pull.author} with write access to {forge.repository} approves it there"
        raise ApprovalError(_shortfall(pull, approvals, current), hint=hint)


def _is_of_this(forge: Forge, pull: PullFacts, package: Package, commit: str) -> bool:
    """Whether who looked at `commit` saw what is at the head: it is the head, or only the base was merged since."""
    if commit == pull.head:
        return True
    try:
        seen = forge.blobs_at(commit, package.submission.folder)
    except RefusedError as err:  # the commit is gone
        if err.kind != "missing":
            raise
        return False
    if seen != package.blobs():
        return False
    return not foreign_commits(forge, package, forge.commits_beyond(pull.base, pull.head))


def _shortfall(pull: PullFacts, approvals: list[ReviewFacts], current: list[ReviewFacts]) -> str:
    if current:
        names = ", ".join(sorted(review.author for review in current))
        return f"{pull.url} is approved only by {names}, without write access to the fork"
    if approvals:
        return f"{pull.url} changed after {approvals[-1].author} approved it: that was {approvals[-1].commit[:12]}"
    return f"{pull.url} is not approved"
