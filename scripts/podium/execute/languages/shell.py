"""Bash as the harness runs multiple-sh. Mode "corrected" is the same as "parity" so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.execute.languages import Probe, met_limit
from podium.execute.languages.script import Script, kept

if TYPE_CHECKING:
    from podium.execute.languages import Mode
    from podium.execute.sandbox import Completed
    from podium.records import Outcome


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

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless."""
        head, tail = "answer() {\n    echo ", "\n}\n\nset -e\n[[ $(answer) = 42 ]]"
        return [
            Probe(name="right answer", program=f"{head}42{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}41{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}42\nfi{tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"while :; do :; done\n{head}42{tail}", wanted="timed_out"),
        ]
