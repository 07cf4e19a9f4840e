"""shards: sized by cost, never empty, never more jobs than a matrix holds."""

from __future__ import annotations

import pytest

from podium.generate.shards import part_of
from podium.plan.shards import HOURS, MOST_JOBS, hours_of, shard_names, shards_of, tokens_per_second
from podium.records import FileDigest, Sampling

WEIGHTS = [FileDigest(path="model.safetensors", size_bytes=1_600_000_000, sha256="0" * 64)]
GPU, CPU = ["self-hosted", "Linux", "X64", "gpu"], ["self-hosted", "Linux", "X64", "cpu"]


def test_humaneval_of_a_400m_model_takes_two_shards_on_two_cores_and_one_on_a_card() -> None:
    # 164 x 50 samples of 118 tokens at 100 tokens per second: 2.7 hours.
    hours = hours_of(8200, Sampling(), "native", tokens_per_second(CPU, None), WEIGHTS)
    assert hours == pytest.approx(8200 * 118 / 100 / 3600)
    assert shards_of({"humaneval": 164}, {"humaneval": hours}) == {"humaneval": 2}
    assert hours_of(8200, Sampling(), "native", tokens_per_second(GPU, None), WEIGHTS) < HOURS / 20


@pytest.mark.parametrize(
    ("labels", "stated", "rate"),
    [(GPU, None, 5000), (CPU, None, 100), (["self-hosted", "nvidia-H100"], None, 5000), (GPU, 42.0, 42.0)],
)
def test_a_runners_rate_is_what_is_stated_else_what_its_labels_say(
    labels: list[str], stated: float | None, rate: float
) -> None:
    assert tokens_per_second(labels, stated) == rate


def test_slower_backends_larger_models_and_longer_windows_cost_in_proportion() -> None:
    plain = hours_of(100, Sampling(), "native", 100, WEIGHTS)
    assert hours_of(100, Sampling(), "harness", 100, WEIGHTS) == pytest.approx(12 * plain)
    assert hours_of(100, Sampling(max_length=1024), "native", 100, WEIGHTS) == pytest.approx(2 * plain)
    assert hours_of(100, Sampling(), "native", 100, [*WEIGHTS, *WEIGHTS]) == pytest.approx(2 * plain)


def test_no_shard_is_without_a_problem() -> None:
    assert shards_of({"a": 3, "b": 1}, {"a": 1000, "b": 0}) == {"a": 3, "b": 1}


def test_shards_grow_where_a_matrix_would_have_too_many_jobs() -> None:
    problems = {f"task-{number}": 161 for number in range(19)}
    counts = shards_of(problems, dict.fromkeys(problems, 500))
    assert 19 < sum(counts.values()) <= MOST_JOBS
    assert len(set(counts.values())) == 1


def test_shards_of_a_task_are_its_problems_once() -> None:
    problems = list(range(164))
    parts = [part_of(problems, name) for name in shard_names(4)]
    assert sorted(item for part in parts for item in part) == problems
