"""Perl as the harness runs multiple-pl. Mode "corrected" is the same as "parity" so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.execute.languages import Probe, met_limit
from podium.execute.languages.safe_subprocess import kept
from podium.execute.languages.script import Script

if TYPE_CHECKING:
    from podium.execute.jobs import Completed
    from podium.execute.languages import Mode
    from podium.records import Outcome


class Perl(Script):
    """`perl F`. [H] multiple_metrics/eval_pl.py."""

    tools = {"perl": ["perl", "-e", "print $^V"]}  # noqa: RUF012
    interpreter = "perl"
    file_name = "program.pl"

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """OK needs exit code 0 and no "ERROR" in either stream; there is no status for syntax errors."""
        if stopped := self.stopped(completed):
            return stopped
        if completed.exit_code != 0:
            return self.broken(completed)
        if "ERROR" in kept(completed.stdout) or "ERROR" in kept(completed.stderr):
            return met_limit(completed) or "failed", "Exception"
        return "passed", "OK"

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless, with Test::Deep where the tests need it."""
        # Every test of the data set compares with Test::Deep: without it all programs would seem wrong.
        module = "use Test::Deep;\n" if "Test::Deep" in tests else ""
        head, tail = f"{module}sub answer {{\n    return ", ';\n}\nexit 1 unless answer() == 42;\nprint "ok\\n";'
        return [
            Probe(name="right answer", program=f"{head}42{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}41{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}({tail}", wanted="failed"),
            Probe(name="endless loop", program=f"while (1) {{ }}\n{head}42{tail}", wanted="timed_out"),
        ]
