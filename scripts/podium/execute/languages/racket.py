"""Racket as the harness runs multiple-rkt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.execute.jobs import one_step
from podium.execute.languages import Probe, met_limit
from podium.execute.languages.safe_subprocess import LIMITS, kept
from podium.execute.languages.script import Script

if TYPE_CHECKING:
    from podium.execute.jobs import Completed, Job
    from podium.execute.languages import Mode
    from podium.records import Outcome

CHECKED = b"podium: failed checks: "
# Module-level names of the program's own must not clash with these.
LAST_LINES = (
    b"""
(require (prefix-in podium: rackunit/log) (prefix-in podium: racket/base))
(podium:printf "\\n%b~a\\n" (podium:car (podium:test-log)))
"""
    % CHECKED
)


class Racket(Script):
    """`racket F`. [H] multiple_metrics/eval_racket.py.

    rackunit tells failed checks on stderr and ends with 0, so the harness takes any word there for a failure, and an
    endless loop for an exception. Mode "corrected" asks rackunit whether checks failed, and names what was too slow.
    """

    tools = {"racket": ["racket", "--version"]}  # noqa: RUF012
    interpreter = "racket"
    file_name = "program.rkt"

    def prepare(self, program: bytes, mode: Mode) -> Job:
        """In mode "corrected" the program says at its end how many checks failed."""
        if mode == "parity":
            return super().prepare(program, mode)
        name = f"tmp/{self.file_name}"
        return one_step([self.interpreter, name], files={name: program + LAST_LINES}, limits=LIMITS)

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """Parity: OK needs an empty stderr and exit code 0. Corrected: no failed check at the program's end."""
        stopped = self.stopped(completed)
        if mode == "corrected" and stopped:
            return stopped
        malformed = "read-syntax" in kept(completed.stderr)
        if stopped:
            return stopped[0], "SyntaxError" if malformed else "Exception"  # the harness does not ask for the time
        if completed.exit_code == 0 and _has_passed(completed, mode):
            return "passed", "OK"
        if malformed:
            return met_limit(completed) or "syntax_error", "SyntaxError"
        return self.broken(completed)

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless, with rackunit where the tests need it."""
        head = "#lang racket\n(define (answer)\n  "
        check = "(check-within (answer) 42 0.001)" if "rackunit" in tests else "(unless (= (answer) 42) (error 'wrong))"
        tail = ")\n" + ("(require rackunit)\n" if "rackunit" in tests else "") + check
        return [
            Probe(name="right answer", program=f"{head}42{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}41{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}({tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"{head}(let loop () (loop)){tail}", wanted="timed_out"),
        ]


def _has_passed(completed: Completed, mode: Mode) -> bool:
    if mode == "parity":
        return not kept(completed.stderr)
    return CHECKED + b"0\n" in completed.stdout
