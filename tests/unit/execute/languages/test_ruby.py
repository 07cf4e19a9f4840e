"""Ruby: the cases, what the status rules read, and programs that leave before their tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.execute.languages.cases import MODES, check_collection, need_toolchain, outcome_of
from tests.unit.execute.languages.odd import completed, judged
from tests.unit.execute.languages.runs import runs_of

from podium.execute.languages import language_named
from podium.execute.sandbox import Sandbox
from podium.execute.selftest import try_probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.execute.languages.cases import Case

    from podium.execute.jobs import Completed
    from podium.execute.languages import Mode, Probe


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    need_toolchain("rb")
    with Sandbox() as made:
        yield made


def test_the_cases_cover_every_way_to_fail() -> None:
    check_collection("rb")


@pytest.mark.world
@pytest.mark.parametrize(("case", "mode"), runs_of("rb"))
def test_a_case_has_its_outcome(sandbox: Sandbox, case: Case, mode: Mode) -> None:
    outcome, message = outcome_of(case, mode, sandbox)
    assert outcome == case.wanted[mode], message


WORD = b"/box/tmp/program.rb:2:in `add': told (RuntimeError)\n"
PARSER = b"/box/tmp/program.rb:9: syntax error, unexpected `end'\n"
LATER_PARSER = b"/box/tmp/program.rb:9: syntax errors found (SyntaxError)\n"
DONE = b"1 tests, 7 assertions, 0 failures, 0 errors, 0 pendings, 0 omissions\n"
RULES = [
    (completed(), "parity", ("passed", "OK")),
    (completed(stderr=WORD), "parity", ("passed", "OK")),
    (completed(), "corrected", ("failed", "Exception")),
    (completed(stdout=DONE, stderr=WORD), "corrected", ("passed", "OK")),
    (completed(stdout=DONE.replace(b"0 failures", b"2 failures")), "corrected", ("failed", "Exception")),
    (completed(stdout=DONE.replace(b"1 tests", b"0 tests")), "corrected", ("failed", "Exception")),
    (completed(exit_code=1, stdout=DONE), "corrected", ("failed", "Exception")),
    (completed(exit_code=1), "parity", ("failed", "Exception")),
    (completed(exit_code=1, stderr=WORD), "parity", ("syntax_error", "SyntaxError")),
    (completed(exit_code=1, stderr=WORD), "corrected", ("failed", "Exception")),
    (completed(exit_code=1, stderr=PARSER), "corrected", ("syntax_error", "SyntaxError")),
    (completed(exit_code=1, stderr=LATER_PARSER), "corrected", ("syntax_error", "SyntaxError")),
    (completed(exit_code=1, stderr=WORD, memory_exceeded=True), "parity", ("out_of_memory", "SyntaxError")),
    (completed(exit_code=1, files_exceeded=True), "parity", ("file_limit", "Exception")),
    (completed(exit_code=None, signal=11, stderr=b"[BUG]"), "parity", ("crashed", "SyntaxError")),
    (completed(exit_code=None, signal=9), "parity", ("crashed", "Exception")),
    (completed(exit_code=None, signal=9, timed_out=True), "parity", ("timed_out", "Timeout")),
    (completed(exit_code=None, signal=9, output_exceeded=True), "parity", ("output_limit", "Timeout")),
]


@pytest.mark.parametrize(("saw", "mode", "wanted"), RULES)
def test_status_rules(saw: Completed, mode: Mode, wanted: tuple[str, str]) -> None:
    assert language_named("rb").read(saw, mode) == wanted


@pytest.mark.world
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("probe", language_named("rb").probes("test/unit"), ids=lambda probe: probe.name)
def test_the_self_test_holds(sandbox: Sandbox, probe: Probe, mode: Mode) -> None:
    check = try_probe(probe, language_named("rb"), mode, sandbox, "rb")
    assert check.ok, check


SUITE = "\nrequire 'test/unit'\nclass T < Test::Unit::TestCase\n  def test_x\n    assert_equal(1, 1)\n  end\nend\n"
ODD = {
    "a NUL byte in a text": ("x = 'a\0b'" + SUITE, ("passed", "OK")),
    "a NUL byte between words": ("x = 1\0\nraise 'told'" + SUITE, ("passed", "OK")),
    "a lone surrogate": ("# \ud800" + SUITE, ("passed", "OK")),
    "10 MB of comments": (("#" + "x" * 98 + "\n") * 100_000 + SUITE, ("passed", "OK")),
    "prints 1 MB": ("10_000.times { puts 'x' * 99 }" + SUITE, ("passed", "OK")),
    "prints 100 MB": ("x = 'x' * 1_000_000; 100.times { print x }" + SUITE, ("passed", "OK")),
    "calls a command of the list": ("raise unless system('expr 1 = 1 >/dev/null')" + SUITE, ("passed", "OK")),
    "reads standard input": ("raise unless gets.nil?" + SUITE, ("passed", "OK")),
    "ends by a signal": ("Process.kill(9, Process.pid)\nsleep" + SUITE, ("crashed", "Exception")),
}


@pytest.mark.world
@pytest.mark.parametrize("name", ODD)
def test_odd_program(sandbox: Sandbox, name: str) -> None:
    program, wanted = ODD[name]
    assert judged(sandbox, "rb", program) == wanted


def test_a_program_has_5_seconds_and_no_bound_of_output_that_decides() -> None:
    limits = language_named("rb").prepare(b"", "parity").limits["run"]
    assert (limits.wall_seconds, limits.output_bytes) == (5.0, 64 << 20)
