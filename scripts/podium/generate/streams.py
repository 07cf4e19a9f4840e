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
    address = "\0".join((DOMAIN, str(seed), task, problem, str(index)))
    key = int.from_bytes(hashlib.sha256(address.encode()).digest()[:16], "little")
    return np.random.Generator(np.random.Philox(key=key)).random(count)
