"""Odd programs that need no evaluation data, and runs that nobody made, for the tests of each language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.execute.jobs import Completed
from podium.execute.languages import judge, language_named
from podium.execute.programs import encode_program

if TYPE_CHECKING:
    from podium.execute.jobs import Job
    from podium.execute.languages import Mode
    from podium.execute.sandbox import Runner

CALM = Completed(
    exit_code=0, signal=None, stdout=b"", stderr=b"", result=None, timed_out=False, output_exceeded=False,
    memory_exceeded=False, wall_seconds=0.1, cpu_seconds=0.1,
)  # fmt: skip


def completed(**fields: object) -> Completed:
    """A program that ended well, but for some fields."""
    return msgspec.structs.replace(CALM, **fields)


def judged(sandbox: Runner, language: str, program: str, mode: Mode = "parity") -> tuple[str, str]:
    """A program's outcome and the harness's text, with the language's own limits and list."""

    def run(job: Job) -> Completed:
        return sandbox.run(msgspec.structs.replace(job, provisions=language))

    _, outcome, message = judge(language_named(language), encode_program(program), mode, run)
    return outcome, message
