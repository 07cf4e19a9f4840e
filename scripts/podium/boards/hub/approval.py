"""What was approved is what is published: the fork's pull request, its reviews, and the files at its head.

Reads GitHub only. Anything short of a valid approval of exactly this submission is an ApprovalError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.boards.answers import RefusedError
from podium.boards.fork.board import same_texts
from podium.errors import ApprovalError

if TYPE_CHECKING:
    from podium.boards.fork.forge import Forge, PullFacts, ReviewFacts
    from podium.records import Receipt
    from podium.submission.package import Package

# A comment leaves an earlier decision of the same person in force.
DECISIONS = {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}
AGAIN = "run podium submit RUN_DIR again and have the pull request approved as it then is"


def approved_pull(forge: Forge, receipt: Receipt, package: Package) -> PullFacts:
    """The pull request of `receipt`, proven to be approved with exactly this package. Raises ApprovalError."""
    if receipt.submission_sha256 != package.submission.sha256:
        message = "the submission is not the one that was sent to the fork: submit.json names another digest"
        raise ApprovalError(message, hint=AGAIN)
    if not receipt.number:
        message = f"submit.json names no pull request in the fork ({receipt.outcome}: {receipt.reason or 'no reason'})"
        raise ApprovalError(message, hint="podium submit RUN_DIR opens one; a reviewer approves it there")
    pull = _pull(forge, receipt)
    _require_approval(forge, pull)
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
    if not pull.is_open and not pull.is_merged:
        message = f"{pull.url} was closed without being merged, so it is not approved"
        raise ApprovalError(message, hint="reopen it and have it approved, or leave it: nothing was published")
    return pull


def _require_approval(forge: Forge, pull: PullFacts) -> None:
    latest: dict[str, ReviewFacts] = {}
    for review in forge.reviews(pull.number):
        if review.state in DECISIONS:
            latest[review.author] = review
    against = sorted(review.author for review in latest.values() if review.state == "CHANGES_REQUESTED")
    if against:
        message = f"{', '.join(against)} asked for changes in {pull.url}"
        raise ApprovalError(message, hint="settle it there; the approval counts once no request for changes stands")
    approvals = [review for review in latest.values() if review.state == "APPROVED" and review.author != pull.author]
    current = [review for review in approvals if review.commit == pull.head]
    if not any(forge.may_write(review) for review in current):
        hint = f"somebody other than {pull.author} with write access to {forge.repository} approves it there"
        raise ApprovalError(_shortfall(pull, approvals, current), hint=hint)


def _shortfall(pull: PullFacts, approvals: list[ReviewFacts], current: list[ReviewFacts]) -> str:
    if current:
        names = ", ".join(sorted(review.author for review in current))
        return f"{pull.url} is approved only by {names}, without write access to the fork"
    if approvals:
        return f"{pull.url} changed after {approvals[-1].author} approved it: that was {approvals[-1].commit[:12]}"
    return f"{pull.url} is not approved"
