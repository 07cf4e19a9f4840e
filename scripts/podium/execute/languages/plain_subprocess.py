"""Limits of languages whose programs the harness runs by `subprocess.run` with a timeout, unlike most.

It takes whatever is printed, so no amount of output decides a verdict there: jobs drop what is beyond this limit.
Not so in C#, whose failures are known by what is printed: beyond it a program has the outcome `output_limit`.
"""

from __future__ import annotations

import msgspec

from podium.execute.languages.safe_subprocess import LIMITS
from podium.records import Limits

OUTPUT_BYTES = 64 << 20


def limits_of(wall_seconds: float) -> Limits:
    """The harness's time, and limits that protect the machine."""
    return msgspec.structs.replace(
        LIMITS, wall_seconds=wall_seconds, cpu_seconds=wall_seconds + 5, output_bytes=OUTPUT_BYTES
    )
