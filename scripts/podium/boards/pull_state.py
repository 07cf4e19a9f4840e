"""What the boards decide by that keep one pull request per model, on GitHub and on the Hub: one table for both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from podium.submission.marks import released_tag
from podium.submission.releases import refuse_older

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
# A fresh pull request may be invisible for seconds: the look-up is repeated, the creation never is.
LOOKS = 4
PAUSE_SECONDS = 2.0


class PullState(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of a submission at a board.

    `is_open`: our pull request is open, and then `is_current` says whether it shows exactly this submission.
    `is_held`: what it would be merged into has exactly these files already. `is_rejected`: somebody closed a pull
    request with exactly this submission.
    """

    is_open: bool
    is_current: bool
    is_held: bool
    is_rejected: bool

    @property
    def outcome(self) -> Literal["created", "updated", "unchanged", "skipped"]:
        """What sending comes to."""
        if self.is_open:
            return "unchanged" if self.is_current else "updated"
        if self.is_held:
            return "unchanged"
        return "skipped" if self.is_rejected else "created"

    @property
    def writes(self) -> bool:
        """Whether sending changes the pull request or opens one."""
        return self.outcome in {"created", "updated"}

    def reason(self, *, rejected: str, held: str) -> str:
        """Why nothing is sent, where that is not plain."""
        if self.outcome == "skipped":
            return rejected
        return held if self.outcome == "unchanged" and not self.is_open else ""


class Releases(msgspec.Struct, frozen=True, kw_only=True):
    """The releases that a board holds of a model: in the open pull request, and in the last merged one."""

    tags: list[str]

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Releases:
        """From the texts of those pull requests."""
        return cls(tags=[tag for text in texts if text is not None and (tag := released_tag(text))])

    def replaced_by(self, tag: str) -> str:
        """The other release that `tag` takes the place of, or an empty string."""
        return next((known for known in self.tags if known != tag), "")

    def refuse(self, tag: str, state: PullState, where: str, *, force: bool) -> None:
        """Raises OlderReleaseError if `tag` may not replace what is there; what changes nothing may always go on."""
        if state.outcome != "unchanged":
            refuse_older(tag, self.tags, where, force=force)


def other_release(tag: str, text: str) -> str:
    """The release that a pull request's text names, if it is another one than `tag`; else an empty string."""
    held = released_tag(text)
    return "" if held == tag else held


def held_instead(tag: str, text: str) -> str:
    """The sentence about another release that is taken back with its pull request; or nothing."""
    held = other_release(tag, text)
    return f"it held the release {held}, not {tag}" if held else ""


def look_until_found(look: Callable[[], T | None], pause: Callable[[float], None]) -> T | None:
    """Look a few times for what was just made, perhaps by a call whose answer was lost."""
    for attempt in range(LOOKS):
        if attempt:
            pause(PAUSE_SECONDS)
        found = look()
        if found is not None:
            return found
    return None
