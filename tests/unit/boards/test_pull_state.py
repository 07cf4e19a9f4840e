"""The table both pull-request boards decide by, without any board."""

from __future__ import annotations

from itertools import product

import pytest

from podium.boards.pull_state import LOOKS, PullState, Releases, held_instead, look_until_found, other_release
from podium.errors import OlderReleaseError
from podium.submission.marks import release_marker

FACTS = ("is_open", "is_current", "is_held", "is_rejected")


def expected(is_open: bool, is_current: bool, is_held: bool, is_rejected: bool) -> str:
    """The rule in words: what is open is brought up to date; what is there is left; what was closed stays closed."""
    if is_open and is_current:
        return "unchanged"
    if is_open:
        return "updated"
    if is_held:
        return "unchanged"
    if is_rejected:
        return "skipped"
    return "created"


@pytest.mark.parametrize("facts", list(product((False, True), repeat=4)))
def test_every_combination_has_its_outcome(facts: tuple[bool, bool, bool, bool]) -> None:
    state = PullState(**dict(zip(FACTS, facts, strict=True)))
    assert state.outcome == expected(*facts)
    assert state.writes is (state.outcome in {"created", "updated"})
    reason = state.reason(rejected="closed", held="held")
    assert reason == {"skipped": "closed", "unchanged": "" if state.is_open else "held"}.get(state.outcome, "")


CREATED = PullState(is_open=False, is_current=False, is_held=False, is_rejected=False)
UNCHANGED = PullState(is_open=True, is_current=True, is_held=False, is_rejected=False)


def test_releases_are_read_from_open_and_merged_texts() -> None:
    releases = Releases.of([f"text\n{release_marker('v2')}", None, "no mark", release_marker("v1")])
    assert releases.tags == ["v2", "v1"]
    assert releases.replaced_by("v2") == "v1"
    assert Releases.of([]).replaced_by("v1") == ""


def test_an_older_release_is_refused_unless_nothing_would_change() -> None:
    releases = Releases.of([release_marker("v2")])
    with pytest.raises(OlderReleaseError, match="the fork holds the release v2, and v1 is older"):
        releases.refuse("v1", CREATED, "the fork", force=False)
    releases.refuse("v1", CREATED, "the fork", force=True)
    releases.refuse("v1", UNCHANGED, "the fork", force=False)
    releases.refuse("v3", CREATED, "the fork", force=False)


def test_another_release_that_is_taken_back_is_named() -> None:
    text = release_marker("v2")
    assert (other_release("v1", text), other_release("v2", text), other_release("v1", "")) == ("v2", "", "")
    assert held_instead("v1", text) == "it held the release v2, not v1"
    assert held_instead("v2", text) == ""


def test_what_is_shown_late_is_looked_for_a_few_times_and_then_given_up() -> None:
    shown: list[int | None] = [None, None, 7]
    pauses: list[float] = []
    assert look_until_found(lambda: shown.pop(0), pauses.append) == 7
    assert len(pauses) == 2
    pauses.clear()
    assert look_until_found(lambda: None, pauses.append) is None
    assert len(pauses) == LOOKS - 1
