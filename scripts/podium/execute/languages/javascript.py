"""JavaScript as the harness runs multiple-js. Mode "corrected" is the same as "parity": no defect decides verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.execute.languages import Probe, met_limit
from podium.execute.languages.plain_subprocess import limits_of
from podium.execute.languages.script import Script

if TYPE_CHECKING:
    from podium.execute.jobs import Completed
    from podium.execute.languages import Mode
    from podium.records import Outcome

# The first that stands anywhere in what the program said names its failure.
TEXTS = ((b"ERR_ASSERTION", "AssertionError"), (b"SyntaxError", "SyntaxError"), (b"ReferenceError", "ReferenceError"))
# What Node says when it cannot have memory. Its own bound of its heap is the harness's as well, and says otherwise.
OUT_OF_MEMORY = (b"Fatal process OOM", b"Fatal process out of memory")


class JavaScript(Script):
    """`node F`. [H] multiple_metrics/eval_javascript.py: five seconds, and all output is read at once."""

    tools = {"node": ["node", "--version"]}  # noqa: RUF012
    interpreter = "node"
    file_name = "program.js"
    limits = limits_of(5.0)
    drops_output = True

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """Exit code 0 is OK, whatever was said; else the texts decide, on either stream and over all of it."""
        if stopped := self.stopped(completed):
            return stopped
        if completed.exit_code == 0:
            return "passed", "OK"
        return read_failure(completed, self.broken(completed)[0], [completed.stdout, completed.stderr])

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless."""
        head = "const assert = require('node:assert');\nfunction answer() {\n    "
        tail = "\n}\nassert.deepEqual(answer(), [42]);\n"
        return [
            Probe(name="right answer", program=f"{head}return [42];{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}return [41];{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}return [42;{tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"{head}for (;;) {{}}{tail}", wanted="timed_out"),
        ]


def read_failure(completed: Completed, outcome: Outcome, said: list[bytes]) -> tuple[Outcome, str]:
    """The outcome and text of a failure of Node, from what it is known by and from what is searched for names."""
    message = next((name for text, name in TEXTS if any(text in stream for stream in said)), "Exception")
    if message == "SyntaxError":
        outcome = met_limit(completed) or "syntax_error"
    elif outcome == "crashed" and any(text in completed.stderr for text in OUT_OF_MEMORY):
        outcome = "out_of_memory"
    return outcome, message
