"""Scala as the harness runs multiple-scala; in mode "corrected" a program may write to stderr and pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.execute.languages import Probe
from podium.execute.languages.compiled import Compiled
from podium.execute.languages.java import JAVA_LIMITS, did_not_start
from podium.execute.languages.safe_subprocess import kept

if TYPE_CHECKING:
    from podium.execute.jobs import Completed
    from podium.execute.languages import Mode
    from podium.records import Outcome

COMPILE_SECONDS = 45.0


class Scala(Compiled):
    """`scalac -d D F` in 45 s, then `scala -cp D Problem` in 15. [H] multiple_metrics/eval_scala.py."""

    tools = {"scala": ["scala", "-version"], "java": ["java", "--version"]}  # noqa: RUF012
    file_name = "program.scala"
    compile_limits = msgspec.structs.replace(
        JAVA_LIMITS, wall_seconds=COMPILE_SECONDS, cpu_seconds=COMPILE_SECONDS + 5,
        output_bytes=(1 << 16) + 450 * (1 << 10),
    )  # fmt: skip
    run_limits = JAVA_LIMITS

    def compile_command(self, mode: Mode) -> list[str]:
        """Into the working directory."""
        return ["scalac", "-d", ".", "tmp/program.scala"]

    def run_command(self, mode: Mode) -> list[str]:
        """The harness's own."""
        return ["scala", "-cp", ".", "Problem"]

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """A word on stderr fails a program there."""
        outcome, message = super().read(completed, mode)
        if mode == "parity" and outcome == "passed" and kept(completed.stderr):
            return "failed", "Exception"
        return outcome, message

    def broken(self, completed: Completed) -> tuple[Outcome, str]:
        """A full heap is a limit of the command `scala`, as there; memory that it cannot have is one of ours."""
        outcome, message = super().broken(completed)
        return ("out_of_memory" if outcome in ("failed", "crashed") and did_not_start(completed) else outcome), message

    def not_compiled(self, completed: Completed) -> tuple[Outcome, str]:
        """The same for the compiler."""
        outcome, message = super().not_compiled(completed)
        return ("out_of_memory" if outcome == "syntax_error" and did_not_start(completed) else outcome), message

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless."""
        head = (
            "import scala.math._\nimport scala.collection.mutable._\nobject Problem {\n"
            "    def answer() : List[Long] = {\n        "
        )
        tail = (
            "\n    }\n    def main(args: Array[String]) = {\n    assert(answer().equals((List[Long](42l.toLong))));\n"
            "    }\n\n}\n"
        )
        return [
            Probe(name="right answer", program=f"{head}List(42L){tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}List(41L){tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}List(42L{tail}", wanted="syntax_error"),
            Probe(
                name="endless loop", program=f"{head}while (true) {{ }}\n        List(42L){tail}", wanted="timed_out"
            ),
        ]
