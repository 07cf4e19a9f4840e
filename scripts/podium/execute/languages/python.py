"""Python as the harness runs HumanEval: exec in one process with the tests; see `python_driver.py`.

Mode "corrected" is the same as "parity": no defect of the harness is known to change a verdict wrongly here.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from podium.execute.languages import FILE_BYTES, PROCESSES, Probe, Run, asked_for_withheld, met_limit
from podium.records import Limits

if TYPE_CHECKING:
    from podium.execute.languages import Mode
    from podium.execute.sandbox import Completed
    from podium.records import Outcome

# [H] bigcode_eval/tasks/custom_metrics: alarm at 3.0 s inside, join(timeout + 1) outside. No memory limit there; ours
# only protects the machine, as do the others.
LIMITS = Limits(
    wall_seconds=3.0,
    cpu_seconds=12.0,
    memory_bytes=4 << 30,
    output_bytes=1 << 20,
    file_bytes=FILE_BYTES,
    processes=PROCESSES,
)
GRACE_SECONDS = 1.0


class Python:
    """HumanEval's language."""

    tools = {"python": [str(Path(sys.executable).resolve()), "-V"]}  # noqa: RUF012

    def limits(self, mode: Mode) -> Limits:
        """The harness's, in both modes."""
        return LIMITS

    def prepare(self, program: bytes) -> Run:
        """Run inside the warden's interpreter."""
        files = {"program.py": program}
        return Run(command=["program.py"], files=files, grace_seconds=GRACE_SECONDS, resident=True)

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """`passed`, `timed out` or `failed: <exception>`; a process that dies without a word is "timed out" there."""
        if withheld := asked_for_withheld(completed):
            return withheld
        limit = met_limit(completed)
        if completed.result is None:
            if completed.output_exceeded:
                return "output_limit", "timed out"
            return limit or ("timed_out" if completed.timed_out else "crashed"), "timed out"
        kind, _, message = completed.result.partition("\n")
        if message == "passed":
            return "passed", message
        if limit is not None:
            return limit, message
        if message == "timed out":
            return "timed_out", message
        if kind == "SyntaxError" or kind in ("IndentationError", "TabError"):
            return "syntax_error", message
        return ("out_of_memory" if kind == "MemoryError" else "failed"), message

    def second_look(self, program: bytes) -> Run | None:
        """Nothing: a pass is believed."""
        return None

    def read_again(self, completed: Completed) -> tuple[Outcome, str] | None:
        """Nothing is run again."""
        return None

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless, and that modules are there."""
        head = "def answer():\n    return "
        tail = "\ndef check(candidate):\n    assert candidate() == 42\n\ncheck(answer)"
        return [
            Probe(name="right answer", program=f"{head}42\n{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}41\n{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}(\n{tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"while True:\n    pass\n{tail}", wanted="timed_out"),
            Probe(name="modules", program=f"import csv\nimport numpy\n{head}42\n{tail}", wanted="passed"),
        ]
