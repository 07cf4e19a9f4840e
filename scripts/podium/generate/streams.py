"""The random stream of a sample: a function of (seed, task, problem, index) and of nothing else.

Batch, order, shard and resume therefore never change what is drawn.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DOMAIN = "podium sample stream 1"


def uniforms(seed: int, task: str, problem: str, index: int, count: int) -> NDArray[np.float64]:
    """First `count` numbers of a sample's stream, uniform in [0, 1); one is used for each new token."""
    key = int.from_bytes(_digest(seed, task, problem, index)[:16], "little")
    return np.random.Generator(np.random.Philox(key=key)).random(count)


def seed_of(seed: int, task: str, problem: str, index: int) -> int:
    """A sample's seed, 63 bits, for engines that have generators of their own."""
    return int.from_bytes(_digest(seed, task, problem, index)[:8], "little") >> 1


def _digest(seed: int, task: str, problem: str, index: int) -> bytes:
    address = "\0".join((DOMAIN, str(seed), task, problem, str(index)))
    return hashlib.sha256(address.encode()).digest()
