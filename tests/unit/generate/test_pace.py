"""How far drawing is: known from the first token on, never falling, whole at the end and not before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from podium.generate.pace import Pace
from podium.records import Sample


def _samples(*tokens: int) -> list[Sample]:
    return [Sample(problem="p", index=i, generation="x", tokens=n, finish="stop") for i, n in enumerate(tokens)]


def test_what_is_drawn_counts_before_a_sample_is_complete() -> None:
    pace = Pace(total=80, done=0, most_tokens=512)
    assert pace.share([], 0) == 0
    assert 0 < pace.share([], 512) < pace.share([], 5120) < 0.2


def test_where_tokens_are_not_seen_samples_count() -> None:
    pace = Pace(total=80, done=40, most_tokens=512)
    assert pace.share([], 0) == 0.5
    assert pace.share(_samples(0, 0), 0) == 42 / 80


def test_the_length_of_complete_samples_tells_how_long_the_others_get() -> None:
    pace = Pace(total=1000, done=0, most_tokens=512)
    pace.share(_samples(*[50] * 100), 10_000)
    # 50 tokens for each of 1000 samples, nearly.
    assert 0.15 < pace.share([], 10_000) < 0.25


def test_long_samples_behind_short_ones_are_not_about_to_end() -> None:
    pace = Pace(total=100, done=0, most_tokens=512)
    assert pace.share(_samples(*[20] * 50), 4_000) < 0.9
    assert pace.share([], 8_000) < 0.95


def test_nothing_is_whole_before_the_last_sample_is() -> None:
    pace = Pace(total=2, done=0, most_tokens=10)
    assert pace.share([], 10**9) < 1
    assert pace.share(_samples(10), 10**9) < 1
    assert pace.share(_samples(10), 10**9) == 1


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 600), st.integers(0, 5000)), max_size=30), st.integers(0, 9)
)
def test_it_never_falls_and_stays_a_share(steps: list[tuple[int, int, int]], done: int) -> None:
    total = done + sum(count for count, _, _ in steps) + 1
    pace, before, drawn = Pace(total, done, 512), 0.0, 0
    for count, length, more in steps:
        drawn += more
        now = pace.share(_samples(*[length] * count), drawn)
        assert before <= now < 1
        before = now
