"""D as the harness runs multiple-d. Mode "corrected" is the same: no defect is known to change a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.execute.jobs import one_step
from podium.execute.languages import Probe
from podium.execute.languages.compiled import BINARY, limit_of_compiler
from podium.execute.languages.safe_subprocess import LIMITS, SafeSubprocess, kept

if TYPE_CHECKING:
    from podium.execute.jobs import Completed, Job
    from podium.execute.languages import Mode
    from podium.records import Outcome

FILE = "tmp/program.d"
# An exit code to tell the compiler's failure from the program's; a program that ends with it is named wrongly, no more.
NOT_COMPILED = 113
# As rdmd does: one time limit and one pair of streams for compiler and program, which takes the compiler's place.
SCRIPT = f'ldmd2 -unittest -of={BINARY} "$0" || exit {NOT_COMPILED}; exec {BINARY}'


class D(SafeSubprocess):
    """`rdmd -unittest F`, 15 s for all, with LDC for the compiler. [H] multiple_metrics/eval_dlang.py."""

    tools = {"ldc": ["ldmd2", "--version"]}  # noqa: RUF012

    def prepare(self, program: bytes, mode: Mode) -> Job:
        """Compile and run in one step."""
        return one_step(["sh", "-c", SCRIPT, FILE], files={FILE: program}, limits=LIMITS)

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """Exit code 0 is OK; else the harness calls it a SyntaxError where "Error:" stands on stderr."""
        if stopped := self.stopped(completed):
            return stopped
        if completed.exit_code == 0:
            return "passed", "OK"
        message = "SyntaxError" if "Error:" in kept(completed.stderr) else "Exception"
        if completed.exit_code == NOT_COMPILED:
            return limit_of_compiler(completed) or "syntax_error", message
        return self.broken(completed)[0], message

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless, and an exception."""
        head, tail = "import std.typecons;\nimport std.math;\nlong answer() \n{\n", "\n}\n\nunittest\n{\n"
        tail += "    alias candidate = answer;\n\n    assert(candidate() == 42L);\n}\nvoid main(){}"
        return [
            Probe(name="right answer", program=f"{head}    return 42;{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}    return 41;{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}    return (;{tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"{head}    for (;;) {{ }}{tail}", wanted="timed_out"),
            Probe(name="exception", program=f'{head}    throw new Exception("told");{tail}', wanted="failed"),
        ]
