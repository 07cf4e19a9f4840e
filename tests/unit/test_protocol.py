"""protocol: score arithmetic, names and what a board demands."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.profiles import profile_named, shortfalls
from podium.protocol import (
    BIGCODE_PROBLEMS,
    BOARD_SAMPLING,
    generations_name,
    grouped_name,
    metrics_name,
    pass_at_k,
    submission_title,
)
from podium.records import ModelName, Sampling

ALBOR = ModelName(org="PAIML", model="ALBOR350M", user="noahgift")


@pytest.mark.parametrize(
    ("n", "correct", "k", "value"),
    [
        (50, 0, 1, 0.0),
        (50, 50, 1, 1.0),
        (50, 25, 1, 0.5),
        (50, 1, 10, 0.2),
        (4, 2, 2, 5 / 6),
        (6, 3, 3, 0.95),
        (10, 1, 10, 1.0),
        (20, 5, 10, 1 - 3003 / 184756),
    ],
)
def test_pass_at_k_equals_values_computed_by_hand(n: int, correct: int, k: int, value: float) -> None:
    assert pass_at_k(n, correct, k) == pytest.approx(value, abs=1e-12)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_share_of_draws_with_a_right_one(case: tuple[int, int, int]) -> None:
    n, correct, k = case
    exact = 1 - Fraction(math.comb(n - correct, k), math.comb(n, k))
    assert pass_at_k(n, correct, k) == pytest.approx(float(exact), abs=1e-12)


def test_names_are_the_harness_and_boards_own() -> None:
    assert ALBOR.hub_id == "PAIML/ALBOR350M"
    assert grouped_name(ALBOR) == "PAIML_ALBOR350M_noahgift.json"
    assert metrics_name("multiple-js", "ALBOR350M") == "metrics_ALBOR350M/metrics_multiple-js_ALBOR350M.json"
    assert generations_name("humaneval", "M") == "generations_M/generations_humaneval_M.json"
    assert metrics_name("multiple-js", "A").split("/")[1].split("_")[1] == "multiple-js"
    assert submission_title(ALBOR) == "[Community Submission] Model: PAIML/ALBOR350M, Username: noahgift"


def test_the_board_wants_twelve_tasks_and_1917_problems() -> None:
    assert len(BIGCODE_PROBLEMS) == 12
    assert sum(BIGCODE_PROBLEMS.values()) == 1917
    assert Sampling(n_samples=50, temperature=0.2, top_p=0.95, max_length=512, seed=0) == BOARD_SAMPLING


def test_a_complete_run_falls_short_of_nothing() -> None:
    assert shortfalls(dict(BIGCODE_PROBLEMS), BOARD_SAMPLING, profile_named("bigcode")) == []


def test_every_shortfall_is_named() -> None:
    tasks = {**BIGCODE_PROBLEMS, "humaneval": 20}
    del tasks["multiple-d"], tasks["multiple-rs"]
    reasons = shortfalls(tasks, Sampling(n_samples=5), profile_named("bigcode"))
    assert reasons == [
        "humaneval: 20 of 164 problems",
        "missing: multiple-d, multiple-rs",
        "n_samples is 5, the board's protocol is 50",
    ]
