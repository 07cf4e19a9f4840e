"""The interval of a score is that of its problems, whatever their order."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.protocol import pass_at_bounds, pass_at_k
from podium.score.interval import interval


def test_problems_alike_leave_no_doubt() -> None:
    assert interval([7] * 20, 10) == (0.7, 0.7)
    assert interval([0] * 20, 10) == (0.0, 0.0)


def test_half_of_164_problems_is_known_to_seven_or_eight_points() -> None:
    low, high = interval([50, 0] * 82, 50)
    # The standard error of a share of one half among 164 is 3.90 points: 1.96 of them to either side.
    assert low == pytest.approx(0.5 - 1.96 * 0.0390, abs=0.01)
    assert high == pytest.approx(0.5 + 1.96 * 0.0390, abs=0.01)


def test_samples_of_a_problem_stay_together() -> None:
    """As many right samples, spread evenly over problems, are known better than all or nothing."""
    spread, lumped = interval([25] * 40 + [24, 26] * 20, 50), interval([50, 0] * 40, 50)
    assert spread[1] - spread[0] < (lumped[1] - lumped[0]) / 5


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=60))
def test_the_interval_encloses_the_score_and_does_not_depend_on_order(correct: list[int]) -> None:
    low, high = interval(correct, 20)
    mean = sum(correct) / len(correct) / 20
    assert 0 <= low <= high <= 1
    assert low <= mean + 0.1 / len(correct) + 1e-9 or low == high
    mixed = list(correct)
    random.Random(3).shuffle(mixed)
    assert interval(mixed, 20) == (low, high)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=40), st.sampled_from([1, 10]))
def test_pass_at_k_lies_within_the_bounds_of_its_pass_at_1(correct: list[int], k: int) -> None:
    single = sum(correct) / len(correct) / 20
    low, high = pass_at_bounds(20, single, k)
    score = sum(pass_at_k(20, count, k) for count in correct) / len(correct)
    assert low - 1e-9 <= score <= high + 1e-9


@pytest.mark.parametrize(
    ("single", "k", "bounds"), [(0.0, 10, (0, 0)), (1.0, 10, (1, 1)), (0.05, 10, (0.05, 0.5)), (0.5, 1, (0.5, 0.5))]
)
def test_bounds_counted_by_hand(single: float, k: int, bounds: tuple[float, float]) -> None:
    assert pass_at_bounds(20, single, k) == pytest.approx(bounds)
