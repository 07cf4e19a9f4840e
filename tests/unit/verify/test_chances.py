"""Chances by hand and by counting, and that a part is a fair one."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.execute.programs import Program
from podium.verify import chances
from podium.verify.draw import in_drawn_order


@pytest.mark.parametrize(
    ("count", "trials", "share", "chance"),
    [
        (0, 5, 0.3, 1.0),
        (5, 5, 0.5, 1 / 32),
        (4, 5, 0.5, 6 / 32),
        (1, 2, 0.5, 3 / 4),
        (6, 5, 0.5, 0.0),
        (1, 5, 0.0, 0.0),
        (5, 5, 1.0, 1.0),
    ],
)
def test_tails_are_those_counted_by_hand(count: int, trials: int, share: float, chance: float) -> None:
    assert chances.at_least(count, trials, share) == pytest.approx(chance, abs=1e-12)


@given(trials=st.integers(1, 60), share=st.floats(0.01, 0.99), data=st.data())
def test_tails_are_sums_of_binomial_terms(trials: int, share: float, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, trials))
    exact = sum(math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(count, trials + 1))
    assert chances.at_least(count, trials, share) == pytest.approx(exact, abs=1e-9)


@given(trials=st.integers(1, 400), data=st.data())
def test_bounds_enclose_what_was_seen_and_miss_by_one_in_twenty(trials: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, trials))
    low, high = chances.least(count, trials), chances.most(count, trials)
    assert 0 <= low <= count / trials <= high <= 1
    if count:
        assert chances.at_least(count, trials, low) == pytest.approx(0.05, abs=1e-6)


def test_one_sided_bound_of_no_pass_is_the_rule_of_three() -> None:
    assert chances.most(0, 100) == pytest.approx(1 - 0.05 ** (1 / 100), abs=1e-9)


def test_joined_chances_are_fishers() -> None:
    assert chances.together([0.3]) == pytest.approx(0.3)
    # chi-square with 4 degrees of freedom: exp(-x/2) (1 + x/2) at x/2 = -ln(0.1 * 0.2)
    assert chances.together([0.1, 0.2]) == pytest.approx(0.02 * (1 - math.log(0.02)))
    assert chances.together([]) == 1.0
    assert chances.together([0.0, 1.0]) < 1e-200


@pytest.mark.parametrize("count", [40, 64, 150])
def test_parts_of_honest_tasks_are_no_more_scattered_than_binomial_ones(count: int) -> None:
    """The claim that every refutation rests on: by simulation, unfavourable tasks included."""
    chance = random.Random(7)
    for right in ([0, 20] * 5, [10] * 10, [1, 0, 0, 0, 0, 0, 0, 0, 0, 19], list(range(10))):
        programs, passed = [], set()
        for problem, good in enumerate(right):
            for index in range(20):
                programs.append(Program(problem=str(problem), index=index, text=b"", sha256=f"{problem} {index}"))
                if index < good:
                    passed.add(f"{problem} {index}")
        share, tries, unlikely = sum(right) / 200, 400, 0
        for seed in range(tries):
            part = in_drawn_order(programs, seed + chance.randrange(10**6), "t")[:count]
            seen = sum(program.sha256 in passed for program in part)
            unlikely += chances.no_better(seen, count, share) < 0.1
        assert unlikely <= 0.1 * tries


def test_every_problem_has_its_turn_before_any_has_the_next() -> None:
    programs = [Program(problem=p, index=i, text=b"", sha256="0") for p in "abcd" for i in range(3)]
    order = in_drawn_order(programs, 1, "t")
    assert sorted((one.problem, one.index) for one in order) == [(one.problem, one.index) for one in programs]
    for turn in range(3):
        assert Counter(one.problem for one in order[4 * turn : 4 * turn + 4]) == Counter("abcd")
    assert order == in_drawn_order(programs, 1, "t")
    assert order != in_drawn_order(programs, 2, "t")
    assert order != in_drawn_order(programs, 1, "u")
