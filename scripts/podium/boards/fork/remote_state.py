"""What the fork holds for a model now, and what sending a submission would come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.boards.fork.decoration import Missing
from podium.boards.pull_state import PullState, Releases, other_release
from podium.files import sha256_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from podium.boards.fork.facts import PullFacts


class RemoteState(msgspec.Struct, frozen=True, kw_only=True):
    """What the fork holds now. `blobs` are our folder's files at the branch, or at the base while there is none.

    `base` is the branch to submit to, by the name it has now. `past` is a closed pull request with exactly this
    submission, `merged` the last one that was merged, `others` are open ones of ours for the same model that are not
    the one there is to be, and `missing` is what the one there is to be lacks of labels and reviewers.
    """

    base: str
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
    missing: Missing

    @property
    def files_equal(self) -> bool:
        """Whether the branch holds exactly our files."""
        return self.blobs == self.wanted

    @property
    def is_edited(self) -> bool:
        """Whether title, text or base of the open pull request are to be changed."""
        return self.pull is not None and not (self.texts_equal and self.pull.base == self.base)

    def takes_the_place_of(self, tag: str) -> str:
        """The other release that the open pull request holds, which `tag` would take the place of; or nothing."""
        return other_release(tag, self.pull.body) if self.pull else ""

    @property
    def state(self) -> PullState:
        """What decides."""
        return PullState(
            is_open=self.pull is not None,
            is_current=self.files_equal and not self.is_edited and not self.others,
            is_held=self.base_blobs == self.wanted,
            is_rejected=self.past is not None and not self.past.is_merged,
        )

    @property
    def reason(self) -> str:
        """Why nothing is sent, where that is not plain."""
        number = self.past.number if self.past else 0
        return self.state.reason(
            rejected=f"pull request #{number} with exactly this submission was closed; reopen it to go on",
            held="the base branch already holds exactly these files",
        )

    @property
    def releases(self) -> Releases:
        """The releases the fork holds: in the open pull request, and in the last merged one."""
        return Releases.of([pull.body for pull in (self.pull, self.merged) if pull is not None])

    @property
    def digest(self) -> str:
        """SHA-256 over everything a plan was made for: nothing of it may change until the plan is applied."""
        pulls = [pull for pull in (self.pull, self.past, self.merged, *self.others) if pull is not None]
        facts = [self.base_head, self.branch_head, [msgspec.to_builtins(pull) for pull in pulls]]
        return sha256_json(facts)
