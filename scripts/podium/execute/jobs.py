"""Jobs: what the sandbox is asked to do for one program, and what doing it showed."""

from __future__ import annotations

from typing import Literal

import msgspec

from podium.records import Limits

DEFAULT_PROVISIONS = "sh"
StepName = Literal["compile", "run"]
Driver = Literal["", "python"]


class JobStep(msgspec.Struct, frozen=True, kw_only=True):
    """One command under limits of its own. Its name says what its failure means.

    It is ended `grace_seconds` after its wall limit. With `drops_output` it may print without end, and what is beyond
    the limit of output is lost.
    """

    name: StepName = "run"
    command: list[str]
    limits: Limits
    grace_seconds: float = 0.0
    drops_output: bool = False


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Steps for one program, in a working directory that holds `files`; each begins when the one before ended with 0.

    A file named `tmp/NAME` lies in the folder for temporary files, and commands get the full path of any `tmp/NAME`.
    `environment` is added to what all programs have, `provisions` is the list of what they may use. `driver` names a
    resident interpreter that runs the first file instead of the command: no output, but a result.
    """

    steps: list[JobStep]
    files: dict[str, bytes]
    environment: dict[str, str] = {}
    driver: Driver = ""
    provisions: str = DEFAULT_PROVISIONS

    @property
    def limits(self) -> dict[str, Limits]:
        """The limits of each step, by its name."""
        return {step.name: step.limits for step in self.steps}

    def within(self, seconds: float, earlier_seconds: float) -> Job:
        """The same job with another wall limit for the last step, and one for those before it."""
        walls = [earlier_seconds] * (len(self.steps) - 1) + [seconds]
        steps = [
            msgspec.structs.replace(step, limits=msgspec.structs.replace(step.limits, wall_seconds=wall))
            for step, wall in zip(self.steps, walls, strict=True)
        ]
        return msgspec.structs.replace(self, steps=steps)


def one_step(
    command: list[str],
    *,
    files: dict[str, bytes],
    limits: Limits,
    grace_seconds: float = 0.0,
    driver: Driver = "",
    provisions: str = DEFAULT_PROVISIONS,
    drops_output: bool = False,
) -> Job:
    """A job of one command."""
    step = JobStep(command=command, limits=limits, grace_seconds=grace_seconds, drops_output=drops_output)
    return Job(steps=[step], files=files, driver=driver, provisions=provisions)


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """What running one program showed; a limit is named only where it was seen to be enforced.

    All but the seconds, which are sums, are of `step`, the last that ran. `busy_share` is what that step used of a core
    for as long as it may last. `files_exceeded` means that the box was full at the end, `processes_exceeded` that a
    fork was refused. `result` is what a driver reported; None when it ended without. `stderr` is then what was written
    in the report's place.
    """

    step: StepName = "run"
    exit_code: int | None
    signal: int | None
    stdout: bytes
    stderr: bytes
    result: str | None
    timed_out: bool
    output_exceeded: bool
    memory_exceeded: bool
    wall_seconds: float
    cpu_seconds: float
    busy_share: float = 0.0
    processes_exceeded: bool = False
    files_exceeded: bool = False
