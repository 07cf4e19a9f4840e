"""Odd programs judged with all the time they need: under load a compiler may take more than the harness gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.execute.languages import judge, language_named
from podium.execute.programs import encode_program

if TYPE_CHECKING:
    from podium.execute.jobs import Completed, Job
    from podium.execute.sandbox import Runner

SECONDS = 120
LIMITS = {"wall_seconds": SECONDS, "cpu_seconds": SECONDS}


def judged_patiently(sandbox: Runner, language: str, program: str) -> tuple[str, str]:
    """A program's outcome in parity mode and the harness's text, on its language's own list."""

    def run(job: Job) -> Completed:
        return sandbox.run(msgspec.structs.replace(job.within(SECONDS, SECONDS), provisions=language))

    _, outcome, message = judge(language_named(language), encode_program(program), "parity", run)
    return outcome, message
