"""What languages have in common whose programs the harness runs by `subprocess.run(timeout=…)`, unlike most."""

from __future__ import annotations

import msgspec

from podium.execute.languages.safe_subprocess import LIMITS, SafeSubprocess
from podium.records import Limits

# `subprocess.run` takes whatever is printed, so no amount of it may decide a verdict: this much only protects us.
OUTPUT_BYTES = 64 << 20


def limits_of(wall_seconds: float) -> Limits:
    """The harness's time, and limits that protect the machine."""
    return msgspec.structs.replace(
        LIMITS, wall_seconds=wall_seconds, cpu_seconds=wall_seconds + 5, output_bytes=OUTPUT_BYTES
    )


class PlainSubprocess(SafeSubprocess):
    """Such a language. Subclasses say what to run, for how long, and read the status from all that was printed."""
