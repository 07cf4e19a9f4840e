"""Julia as the harness runs multiple-jl. Mode "corrected" is the same as "parity": no defect is known there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.execute.jobs import one_step
from podium.execute.languages import Probe
from podium.execute.languages.safe_subprocess import kept, limits_of
from podium.execute.languages.script import Script

if TYPE_CHECKING:
    from podium.execute.jobs import Completed, Job
    from podium.execute.languages import Mode
    from podium.records import Outcome

LIMITS = limits_of(5.0)
MALFORMED = ("LoadError: syntax:", "ParseError")  # up to 1.9, and later


class Julia(Script):
    """`julia F` in 5 s. [H] multiple_metrics/eval_julia.py."""

    tools = {"julia": ["julia", "--version"]}  # noqa: RUF012
    interpreter = "julia"
    file_name = "program.jl"

    def prepare(self, program: bytes, mode: Mode) -> Job:
        """Interpreter and file; as in the harness the file lies with the temporary ones and the folder is empty."""
        name = f"tmp/{self.file_name}"
        return one_step([self.interpreter, name], files={name: program}, limits=LIMITS)

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """Exit code 0 is OK; the harness calls every failure with a word on stderr a SyntaxError, a test's as well."""
        if stopped := self.stopped(completed):
            return stopped
        if completed.exit_code == 0:
            return "passed", "OK"
        outcome, message = self.broken(completed)
        said = kept(completed.stderr)
        if outcome == "failed" and any(word in said for word in MALFORMED):
            outcome = "syntax_error"
        return outcome, "SyntaxError" if said else message

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless, with the module that all tests use."""
        head, tail = (
            "function answer()\n    ",
            "\nend\n\nusing Test\n\n@testset begin\n    @test(answer() == 42)\nend\n",
        )
        return [
            Probe(name="right answer", program=f"{head}42{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}41{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}(42{tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"while true\nend\n{head}42{tail}", wanted="timed_out"),
        ]
