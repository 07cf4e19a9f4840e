"""Bash as the harness runs multiple-sh. Mode "corrected" is the same as "parity" so far."""

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


# With -v Bash shows each line that it reads, so this one is shown only if the lines before it could be parsed.
LAST_LINE = b"\n: read to its end\n"


class Shell(Script):
    """`bash F`. [H] multiple_metrics/eval_sh.py."""

    tools = {"bash": ["bash", "--version"]}  # noqa: RUF012
    interpreter = "bash"
    file_name = "program.sh"

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """Exit code 0 is OK, whatever was said; "syntax error" on stderr only names the failure."""
        if stopped := self.stopped(completed):
            return stopped
        if completed.exit_code == 0:
            return "passed", "OK"
        if "syntax error" in kept(completed.stderr):
            return met_limit(completed) or "syntax_error", "SyntaxError"
        return self.broken(completed)

    def second_look(self, program: bytes) -> Job | None:
        """Only read the program: Bash 5.2.15 (Debian 12) ends with 0 where it cannot parse a `[[` or a `for ((`.

        5.1, as in the board's image, and 5.2.37 end with 1 or 2 there. The tests behind such a place never ran.
        """
        files = {self.file_name: program + LAST_LINE}
        return one_step(["bash", "-nv", self.file_name], files=files, limits=LIMITS)

    def read_again(self, completed: Completed) -> tuple[Outcome, str] | None:
        """A syntax error, if the last line was not reached although nothing was found wrong."""
        if completed.exit_code == 0 and LAST_LINE not in completed.stderr:
            return "syntax_error", "SyntaxError"
        return None

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed in two ways, endless."""
        head, tail = "answer() {\n    echo ", "\n}\n\nset -e\n[[ $(answer) = 42 ]]"
        return [
            Probe(name="right answer", program=f"{head}42{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}41{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}42\nfi{tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"while :; do :; done\n{head}42{tail}", wanted="timed_out"),
            Probe(name="error in a condition", program=f"{head}42\n    [[ a ] || b ]]{tail}", wanted="syntax_error"),
        ]
