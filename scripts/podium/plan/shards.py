"""How many jobs share a task, so that none lasts much longer than two hours and a dead machine costs no more than that.

The rates are measured ones (docs/measured.md), for orders of magnitude: a wrong guess makes shards longer or shorter.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from podium.protocol import BOARD_SAMPLING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from podium.records import FileDigest, Sampling

HOURS = 2.0
# GitHub's limit for one matrix.
MOST_JOBS = 256
# New tokens of a sample of HumanEval at the board's length; other windows in proportion.
TOKENS_PER_SAMPLE = 118
# Tokens a second of a 398M model, native: two cores with AVX2, and a card that is no H100.
PROCESSOR_RATE = 100.0
CARD_RATE = 5_000.0
MEASURED_BYTES = 1.6e9
# How many times as long others take.
SLOWER = {"native": 1.0, "vllm": 1.0, "replay": 0.0, "transformers": 6.0, "harness": 12.0}
CARDS = ("gpu", "cuda", "nvidia", "h100", "h200", "a100", "l4", "t4")


def tokens_per_second(labels: Sequence[str], stated: float | None) -> float:
    """What a runner draws: what podium.toml states, else what machines with such labels draw."""
    if stated:
        return stated
    words = {word for label in labels for word in label.lower().replace("_", "-").split("-")}
    return CARD_RATE if words & set(CARDS) else PROCESSOR_RATE


def hours_of(samples: int, sampling: Sampling, backend: str, rate: float, checkpoint: Sequence[FileDigest]) -> float:
    """How long one machine draws so many samples; a larger model takes longer in proportion to its bytes."""
    tokens = samples * TOKENS_PER_SAMPLE * sampling.max_length / BOARD_SAMPLING.max_length
    size = sum(file.size_bytes for file in checkpoint) / MEASURED_BYTES
    return tokens * size * SLOWER.get(backend, 1.0) / rate / 3600


def shards_of(problems: Mapping[str, int], hours: Mapping[str, float]) -> dict[str, int]:
    """How many shards each task has: none longer than two hours, if that many jobs are allowed, none without a problem.

    More jobs than a matrix holds are avoided by longer shards for all.
    """
    limit = HOURS
    while True:
        counts = {task: max(1, min(problems[task], math.ceil(hours[task] / limit))) for task in problems}
        if sum(counts.values()) <= max(MOST_JOBS, len(problems)):
            return counts
        limit *= 1.25


def shard_names(count: int) -> list[str]:
    """`1/4` to `4/4`."""
    return [f"{number}/{count}" for number in range(1, count + 1)]
