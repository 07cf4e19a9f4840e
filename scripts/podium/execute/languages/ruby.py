"""Ruby as the harness runs multiple-rb."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from podium.execute.jobs import one_step
from podium.execute.languages import Probe, met_limit
from podium.execute.languages.plain_subprocess import limits_of
from podium.execute.languages.safe_subprocess import SafeSubprocess

if TYPE_CHECKING:
    from podium.execute.jobs import Completed, Job
    from podium.execute.languages import Mode
    from podium.records import Outcome

LIMITS = limits_of(5.0)
FILE_NAME = "tmp/program.rb"
# What test-unit says at its end, and what Ruby's parser says; both begin a line.
SUCCEEDED = re.compile(rb"^[1-9]\d* tests?, \d+ assertions?, 0 failures, 0 errors", re.MULTILINE)
PARSER_SAYS = re.compile(rb"^\S+\.rb:\d+: (?:syntax error|.+ \(SyntaxError\)$)", re.MULTILINE)


class Ruby(SafeSubprocess):
    """`ruby F` in 5 s. [H] multiple_metrics/eval_ruby.py.

    test-unit runs when the program ends, unless `exit` ended it: with code 0 that is OK there, and every failure with a
    word on stderr is a SyntaxError. In mode "corrected" the tests must have succeeded, and Ruby's parser is believed.
    """

    tools = {"ruby": ["ruby", "--version"]}  # noqa: RUF012

    def prepare(self, program: bytes, mode: Mode) -> Job:
        """The file lies with the temporary ones, as in the harness, and the folder is empty."""
        return one_step(["ruby", FILE_NAME], files={FILE_NAME: program}, limits=LIMITS, drops_output=True)

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """Exit code 0 is OK; a failure is named by whether anything stands on stderr."""
        if stopped := self.stopped(completed):
            return stopped
        if completed.exit_code == 0 and (mode == "parity" or SUCCEEDED.search(completed.stdout)):
            return "passed", "OK"
        malformed = completed.stderr if mode == "parity" else PARSER_SAYS.search(completed.stderr)
        if not malformed or completed.exit_code == 0:
            return self.broken(completed)
        return met_limit(completed) or ("crashed" if completed.signal else "syntax_error"), "SyntaxError"

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless, with test-unit where the tests need it."""
        head = "def answer\n  "
        tail = "\nend\n" + (_UNIT_TESTS if "test/unit" in tests else "exit 1 unless answer == 42\n")
        return [
            Probe(name="right answer", program=f"{head}42{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}41{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}({tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"loop {{ }}\n{head}42{tail}", wanted="timed_out"),
        ]


_UNIT_TESTS = """require 'test/unit'
class TestAnswer < Test::Unit::TestCase
  def test_answer
    assert_equal(42, answer)
  end
end
"""
