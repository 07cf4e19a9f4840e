"""Labels, reviewers and comments of a pull request. Without them a submission is as good: what fails is told.

What is missing is asked for again by every later run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.errors import BoardError, BoardUnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.boards.fork.facts import PullFacts
    from podium.boards.fork.forge import Forge
    from podium.boards.seam import Targets
    from podium.progress import Progress


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """Labels and reviewers that a pull request is to have and does not."""

    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()

    @property
    def calls(self) -> list[str]:
        """The writes that would ask for them."""
        pairs = (("labels", self.labels), ("reviewers", self.reviewers))
        return [f"POST {word} {', '.join(names)}" for word, names in pairs if names]


def missing(forge: Forge, targets: Targets, pull: PullFacts | None) -> Missing:
    """What is to be asked for: everything for a new pull request, else what it lacks.

    Whoever reviewed it already was asked: GitHub takes him off the list then.
    """
    if pull is None:
        return Missing(labels=targets.labels, reviewers=targets.reviewers)
    reviewers = _without(targets.reviewers, pull.reviewers)
    if reviewers:
        reviewers = _without(reviewers, tuple(review.author for review in forge.reviews(pull.number)))
    return Missing(labels=_without(targets.labels, pull.labels), reviewers=reviewers)


def _without(names: tuple[str, ...], there: tuple[str, ...]) -> tuple[str, ...]:
    """GitHub's names of labels and accounts do not tell cases apart."""
    known = {name.lower() for name in there}
    return tuple(name for name in names if name.lower() not in known)


def decorate(forge: Forge, number: int, wanted: Missing, report: Progress) -> list[str]:
    """Ask for labels and reviewers, each kind for itself; returns what could not be done, in words."""
    notes = []
    if wanted.labels:
        notes += _each(wanted.labels, lambda names: forge.add_labels(number, names))
    if wanted.reviewers:
        notes += _each(wanted.reviewers, lambda names: forge.request_reviews(number, names))
    for note in notes:
        report.note(f"submit: {note}")
    return notes


def tell(forge: Forge, number: int, text: str, report: Progress) -> list[str]:
    """Comment unless this very comment stands there; returns what could not be done, in words."""
    try:
        forge.comment_once(number, text)
    except BoardError as err:
        note = _stands(err)
        report.note(f"submit: {note}")
        return [note]
    return []


def _each(names: tuple[str, ...], ask: Callable[[tuple[str, ...]], None]) -> list[str]:
    """Ask for all at once; where that is refused, one by one, so that one that cannot be does not stop the others."""
    try:
        ask(names)
    except BoardError as err:
        if len(names) == 1 or isinstance(err, BoardUnreachableError):
            return [f"{_stands(err)}; the next podium submit asks again"]
        return [note for name in names for note in _each((name,), ask)]
    return []


def _stands(err: BoardError) -> str:
    return f"the pull request stands, but {err} ({err.hint})"
