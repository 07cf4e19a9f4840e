"""Swift as the harness runs multiple-swift. Mode "corrected" is the same as "parity": no defect is known there."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from podium.execute.languages import Probe
from podium.execute.languages.compiled import BINARY, Compiled
from podium.execute.languages.safe_subprocess import limits_of

if TYPE_CHECKING:
    from podium.execute.jobs import Completed
    from podium.execute.languages import Mode
    from podium.records import Outcome

# How Swift ends a program whose assertion fails, which runs over the end of an array, or whose sum overflows.
TRAPS = (signal.SIGILL, signal.SIGTRAP)


class Swift(Compiled):
    """`swiftc F -o B` in 45 s, then `B` in 5 s. [H] multiple_metrics/eval_swift.py."""

    tools = {"swiftc": ["swiftc", "--version"]}  # noqa: RUF012
    file_name = "program.swift"
    compile_limits = limits_of(45.0)
    run_limits = limits_of(5.0)

    def compile_command(self, mode: Mode) -> list[str]:
        """The harness's own."""
        return ["swiftc", f"tmp/{self.file_name}", "-o", BINARY]

    def not_compiled(self, completed: Completed) -> tuple[Outcome, str]:
        """As for any compiler, but one that runs out of time, or never ends its output in time, is a Timeout."""
        outcome, message = super().not_compiled(completed)
        return outcome, "Timeout" if completed.timed_out or completed.output_exceeded else message

    def broken(self, completed: Completed) -> tuple[Outcome, str]:
        """A trap is how programs in Swift fail; other signals are none of its own."""
        outcome, message = super().broken(completed)
        return ("failed" if outcome == "crashed" and completed.signal in TRAPS else outcome), message

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless, with Foundation, which solutions import."""
        head, tail = "import Foundation\n\nfunc answer() -> Int {\n    return ", "\n}\n\nassert(answer() == 42)\n"
        return [
            Probe(name="right answer", program=f"{head}Int(sqrt(1764.0)){tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}41{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}(42{tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"{head}42{tail}while true {{}}\n", wanted="timed_out"),
        ]
