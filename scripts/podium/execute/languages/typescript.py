"""TypeScript as the harness runs multiple-ts. Mode "corrected" is the same as "parity": no defect decides verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.execute.languages import Probe
from podium.execute.languages.compiled import Compiled
from podium.execute.languages.javascript import read_failure
from podium.execute.languages.safe_subprocess import kept

if TYPE_CHECKING:
    from podium.execute.jobs import Completed
    from podium.execute.languages import Mode
    from podium.records import Outcome


class TypeScript(Compiled):
    """`tsc --target esnext F`, then `node` with what it made beside F. [H] multiple_metrics/eval_ts.py.

    A type error is a syntax error there, although the compiler writes its output all the same.
    """

    tools = {"tsc": ["tsc", "--version"], "node": ["node", "--version"]}  # noqa: RUF012
    file_name = "program.ts"

    def compile_command(self, mode: Mode) -> list[str]:
        """The harness's own."""
        return ["tsc", "--target", "esnext", "tmp/program.ts"]

    def run_command(self, mode: Mode) -> list[str]:
        """The harness's own."""
        return ["node", "../tmp/program.js"]

    def broken(self, completed: Completed) -> tuple[Outcome, str]:
        """As for JavaScript, but what is searched is stderr alone, and no more of it than the harness keeps."""
        return read_failure(completed, super().broken(completed)[0], [kept(completed.stderr).encode()])

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless, of the wrong type."""
        head = "function answer(): number[] {\n    "
        tail = (
            "\n}\ndeclare var require: any;\nconst assert = require('node:assert');\n"
            "assert.deepEqual(answer(), [42]);\n"
        )
        return [
            Probe(name="right answer", program=f"{head}return [42];{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}return [41];{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}return [42;{tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"{head}for (;;) {{}}{tail}", wanted="timed_out"),
            Probe(name="type error", program=f"{head}return ['42'];{tail}", wanted="syntax_error"),
        ]
