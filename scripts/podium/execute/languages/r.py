"""R as the harness runs multiple-r."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from podium.execute.jobs import one_step
from podium.execute.languages import Probe, met_limit
from podium.execute.languages.plain_subprocess import limits_of
from podium.execute.languages.safe_subprocess import SafeSubprocess

if TYPE_CHECKING:
    from podium.execute.jobs import Completed, Job
    from podium.execute.languages import Mode
    from podium.records import Outcome

LIMITS = limits_of(5.0)
FILE_NAME = "tmp/program.r"
# What Debian's `r-base`, as in the board's image, brings beside R itself.
RECOMMENDED = (
    "KernSmooth", "MASS", "Matrix", "boot", "class", "cluster", "codetools", "foreign", "lattice", "mgcv", "nlme",
    "nnet", "rpart", "spatial", "survival",
)  # fmt: skip
NO_PACKAGE = re.compile(r"there is no package called \W*(\w+)")
REACHED = b"podium: the tests were run to their end"
# By its full name, since a program may define a function of the same one.
LAST_LINE = b'\nbase::writeLines("\\n%b")\n' % REACHED
# What its parser says; messages of programs name the call that failed.
PARSER_SAYS = re.compile(rb"^Error: (?:unexpected (?:.+ in[: ]|end of input)|.+ in character string )", re.MULTILINE)


class R(SafeSubprocess):
    """`Rscript F` in 5 s. [H] multiple_metrics/eval_r.py.

    There a program that leaves with code 0 before its tests is OK, and any message with the word "unexpected" is a
    SyntaxError. In mode "corrected" the tests must have been run to their end, and only what R's parser says counts.
    """

    tools = {"R": ["Rscript", "-e", "cat(R.version.string)"]}  # noqa: RUF012

    def prepare(self, program: bytes, mode: Mode) -> Job:
        """The file lies with the temporary ones, as in the harness, and the folder is empty."""
        text = program + LAST_LINE if mode == "corrected" else program
        return one_step(["Rscript", FILE_NAME], files={FILE_NAME: text}, limits=LIMITS, drops_output=True)

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """Exit code 0 is OK; a failure is named by what the program printed, or by the package that it lacked."""
        if stopped := self.stopped(completed):
            return stopped
        if completed.exit_code != 0 and (package := _lacked(completed)):
            return "unavailable", f"it asked for {package}, which the harness has and programs here have not"
        if completed.exit_code == 0 and (mode == "parity" or REACHED in completed.stdout):
            return "passed", "OK"
        status = _status_of_failure(completed) if mode == "parity" else _intended_status(completed)
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


def _status_of_failure(completed: Completed) -> str:
    """The harness looks for words in Python's own description of both streams."""
    described = f"stdout={completed.stdout!r}, stderr={completed.stderr!r}"
    if "unexpected" in described:
        return "SyntaxError"
    return "AssertionError" if "err=b''" in described else "Exception"


def _intended_status(completed: Completed) -> str:
    return "SyntaxError" if PARSER_SAYS.search(completed.stderr) else "Exception"


def _lacked(completed: Completed) -> str | None:
    """A package that the program asked for and the board's image has."""
    asked = NO_PACKAGE.findall(completed.stderr.decode("utf-8", "ignore"))
    return next((name for name in asked if name in RECOMMENDED), None)
