"""R as the harness runs multiple-r."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.execute.jobs import one_step
from podium.execute.languages import Probe, met_limit
from podium.execute.languages.plain_subprocess import PlainSubprocess, limits_of

if TYPE_CHECKING:
    from podium.execute.jobs import Completed, Job
    from podium.execute.languages import Mode
    from podium.records import Outcome

LIMITS = limits_of(5.0)
FILE_NAME = "tmp/program.r"
REACHED = b"podium: the tests were run to their end"
# What a program redefines stays out of the way of this line.
LAST_LINE = b'\nbase::writeLines("\\n%b")\n' % REACHED
PARSER_SAYS = (b"Error: unexpected ", b"Error: incomplete ", b"Error: invalid ", b"is an unrecognized escape in ")


class R(PlainSubprocess):
    """`Rscript F`. [H] multiple_metrics/eval_r.py.

    A program that leaves with code 0 before its tests is OK there, and a message with the word "unexpected" is a
    SyntaxError; mode "corrected" wants the tests to have been run, and believes only R's parser.
    """

    tools = {"R": ["Rscript", "-e", "cat(R.version.string)"]}  # noqa: RUF012

    def prepare(self, program: bytes, mode: Mode) -> Job:
        """The file lies with the temporary ones, as in the harness, and the folder is empty."""
        text = program + LAST_LINE if mode == "corrected" else program
        return one_step(["Rscript", FILE_NAME], files={FILE_NAME: text}, limits=LIMITS)

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """Exit code 0 is OK; a failure is named by what the program printed."""
        if stopped := self.stopped(completed):
            return stopped
        if completed.exit_code == 0:
            left_early = mode == "corrected" and REACHED not in completed.stdout
            return ("failed", "Exception") if left_early else ("passed", "OK")
        status = _status(completed) if mode == "parity" else _intended_status(completed)
        if status == "SyntaxError":
            return met_limit(completed) or "syntax_error", status
        return self.broken(completed)[0], status

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless; the tests need no package."""
        head, tail = "answer <- function() {\n    ", "\n}\nstopifnot(isTRUE(all.equal(answer(), 42)))\n"
        return [
            Probe(name="right answer", program=f"{head}42{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}41{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}){tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"while (TRUE) {{ }}\n{head}42{tail}", wanted="timed_out"),
        ]


def _status(completed: Completed) -> str:
    """The harness looks for words in Python's own description of both streams."""
    described = f"stdout={completed.stdout!r}, stderr={completed.stderr!r}"
    if "unexpected" in described:
        return "SyntaxError"
    return "AssertionError" if "err=b''" in described else "Exception"


def _intended_status(completed: Completed) -> str:
    return "SyntaxError" if any(text in completed.stderr for text in PARSER_SAYS) else "Exception"
