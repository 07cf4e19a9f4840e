"""What the fork holds for a model now, and what sending a submission would come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from podium.files import sha256_json
from podium.submission.marks import released_tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from podium.boards.fork.forge import PullFacts


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What the fork holds now. `blobs` are our folder's files at the branch, or at the base while there is none.

    `past` is a closed pull request with exactly this submission, `merged` the last one that was merged, and
    `others` are open ones of ours for the same model that are not the one there is to be.
    """

    base_head: str
    branch_head: str | None
    blobs: Mapping[str, str]
    base_blobs: Mapping[str, str]
    wanted: Mapping[str, str]
    pull: PullFacts | None
    past: PullFacts | None
    merged: PullFacts | None
    others: list[PullFacts]
    texts_equal: bool

    @property
    def files_equal(self) -> bool:
        """Whether the branch holds exactly our files."""
        return self.blobs == self.wanted

    @property
    def outcome(self) -> Literal["created", "updated", "unchanged", "skipped"]:
        """What sending would come to."""
        if self.pull is not None:
            return "unchanged" if self.files_equal and self.texts_equal and not self.others else "updated"
        if self.base_blobs == self.wanted:
            return "unchanged"
        return "skipped" if self.is_rejected else "created"

    @property
    def is_rejected(self) -> bool:
        """Whether somebody closed a pull request with exactly this submission."""
        return self.past is not None and not self.past.is_merged

    @property
    def reason(self) -> str:
        """Why nothing is sent, where that is not plain."""
        if self.outcome == "skipped" and self.past is not None:
            return f"pull request #{self.past.number} with exactly this submission was closed; reopen it to go on"
        if self.outcome == "unchanged" and self.pull is None:
            return "the base branch already holds exactly these files"
        return ""

    @property
    def releases(self) -> list[str]:
        """The releases the fork holds: in the open pull request, and in the last merged one."""
        return [tag for pull in (self.pull, self.merged) if pull is not None and (tag := released_tag(pull.body))]

    @property
    def digest(self) -> str:
        """SHA-256 over everything a plan was made for: nothing of it may change until the plan is applied."""
        pulls = [pull for pull in (self.pull, self.past, self.merged, *self.others) if pull is not None]
        facts = [self.base_head, self.branch_head, [msgspec.to_builtins(pull) for pull in pulls]]
        return sha256_json(facts)
