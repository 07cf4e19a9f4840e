"""What the harness's runner of other languages' programs (`safe_subprocess.run`) has in common for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.execute.languages import FILE_BYTES, PROCESSES, asked_for_withheld, met_limit
from podium.records import Limits

if TYPE_CHECKING:
    from podium.execute.jobs import Completed, Job
    from podium.records import Outcome

# [H] bigcode_eval/tasks/custom_metrics/multiple_metrics/safe_subprocess: 15 s; it reads 1 kB of each stream every
# 0.1 s, so a program that prints more than the pipe (64 kB) and 150 such reads hold can never end in time.
WALL_SECONDS = 15.0
OUTPUT_BYTES = (1 << 16) + 150 * (1 << 10)
READ_BYTES, READS_A_SECOND = 1 << 10, 10
KEPT_BYTES = 2048  # what the status rules can see of a stream
# The harness's time and, because it decides verdicts there, output; the others protect the machine.
LIMITS = Limits(
    wall_seconds=WALL_SECONDS,
    cpu_seconds=WALL_SECONDS + 5,
    memory_bytes=4 << 30,
    output_bytes=OUTPUT_BYTES,
    file_bytes=FILE_BYTES,
    processes=PROCESSES,
)


def limits_of(wall_seconds: float) -> Limits:
    """The limits of a command that the harness gives another time: it reads less, or more, output in that time."""
    return msgspec.structs.replace(
        LIMITS,
        wall_seconds=wall_seconds,
        cpu_seconds=wall_seconds + 5,
        output_bytes=(1 << 16) + int(wall_seconds * READS_A_SECOND) * READ_BYTES,
    )


class SafeSubprocess:
    """A language whose programs the harness runs as processes. Subclasses say which, and read the status."""

    folders: tuple[str, ...] = ()

    def second_look(self, program: bytes) -> Job | None:
        """Nothing: a pass is believed."""
        return None

    def read_again(self, completed: Completed) -> tuple[Outcome, str] | None:
        """Nothing is run again."""
        return None

    def stopped(self, completed: Completed) -> tuple[Outcome, str] | None:
        """The outcome of a program that we ended, or None. The harness calls all of these Timeout."""
        if completed.output_exceeded:
            return "output_limit", "Timeout"
        if withheld := asked_for_withheld(completed):
            return withheld
        return (met_limit(completed) or "timed_out", "Timeout") if completed.timed_out else None

    def broken(self, completed: Completed) -> tuple[Outcome, str]:
        """The outcome of a program that ended badly. The harness calls all of these Exception."""
        return met_limit(completed) or ("failed" if completed.signal is None else "crashed"), "Exception"


def kept(stream: bytes) -> str:
    """What the harness keeps of a stream."""
    return stream[:KEPT_BYTES].decode("utf-8", "ignore")
