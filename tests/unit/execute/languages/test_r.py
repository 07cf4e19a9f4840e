"""R: the cases, what the status rules read, and the packages that programs find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.execute.languages.cases import MODES, check_collection, need_toolchain, outcome_of
from tests.unit.execute.languages.odd import completed, judged
from tests.unit.execute.languages.runs import runs_of

from podium.execute.languages import language_named
from podium.execute.provisions import provisions_named
from podium.execute.provisions.checks import look
from podium.execute.sandbox import Sandbox
from podium.execute.selftest import try_probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.execute.languages.cases import Case

    from podium.execute.jobs import Completed
    from podium.execute.languages import Mode, Probe


WITHHELD = "it asked for {}, which the harness has and programs here have not"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    need_toolchain("r")
    with Sandbox() as made:
        yield made


def test_the_cases_cover_every_way_to_fail() -> None:
    check_collection("r")


@pytest.mark.world
@pytest.mark.parametrize(("case", "mode"), runs_of("r"))
def test_a_case_has_its_outcome(sandbox: Sandbox, case: Case, mode: Mode) -> None:
    outcome, message = outcome_of(case, mode, sandbox)
    assert outcome == case.wanted[mode], message


PARSER = b'Error: unexpected symbol in "x y"\nExecution halted\n'
PARSER_OF_LINES = b"Error: unexpected '}' in:\n\"x\n}\"\nExecution halted\n"
TOLD = b"Error in f() : an unexpected value\nCalls: f\nExecution halted\n"
LACKED = "Error in library({0}) : there is no package called \u2018{0}\u2019\n"
DONE = b"\npodium: the tests were run to their end\n"
RULES = [
    (completed(stderr=b"unexpected"), "parity", ("passed", "OK")),
    (completed(), "corrected", ("failed", "Exception")),
    (completed(stdout=DONE), "corrected", ("passed", "OK")),
    (completed(exit_code=1, stdout=DONE), "corrected", ("failed", "Exception")),
    (completed(exit_code=1, stderr=PARSER), "parity", ("syntax_error", "SyntaxError")),
    (completed(exit_code=1, stderr=PARSER), "corrected", ("syntax_error", "SyntaxError")),
    (completed(exit_code=1, stderr=PARSER_OF_LINES), "corrected", ("syntax_error", "SyntaxError")),
    (completed(exit_code=1, stderr=TOLD), "parity", ("syntax_error", "SyntaxError")),
    (completed(exit_code=1, stderr=TOLD), "corrected", ("failed", "Exception")),
    (completed(exit_code=1, stdout=b"unexpected"), "parity", ("syntax_error", "SyntaxError")),
    (completed(exit_code=1, stderr=b"." * 100_000 + b"unexpected"), "parity", ("syntax_error", "SyntaxError")),
    (completed(exit_code=1), "parity", ("failed", "AssertionError")),
    (completed(exit_code=1), "corrected", ("failed", "Exception")),
    (completed(exit_code=1, stdout=b"an err=b'' of ours", stderr=b"told"), "parity", ("failed", "AssertionError")),
    (completed(exit_code=1, stderr=b"told"), "parity", ("failed", "Exception")),
    (completed(exit_code=1, stderr=PARSER, memory_exceeded=True), "parity", ("out_of_memory", "SyntaxError")),
    (completed(exit_code=1, stderr=b"told", files_exceeded=True), "parity", ("file_limit", "Exception")),
    (
        completed(exit_code=1, stderr=LACKED.format("Matrix").encode()),
        "parity",
        ("unavailable", WITHHELD.format("Matrix")),
    ),
    (completed(exit_code=1, stderr=LACKED.format("stringr").encode()), "parity", ("failed", "Exception")),
    (completed(exit_code=0, stderr=LACKED.format("Matrix").encode()), "parity", ("passed", "OK")),
    (completed(exit_code=None, signal=9, timed_out=True), "parity", ("timed_out", "Timeout")),
    (completed(exit_code=None, signal=9, output_exceeded=True), "parity", ("output_limit", "Timeout")),
    (completed(exit_code=None, signal=11), "parity", ("crashed", "AssertionError")),
]


@pytest.mark.parametrize(("saw", "mode", "wanted"), RULES)
def test_status_rules(saw: Completed, mode: Mode, wanted: tuple[str, str]) -> None:
    assert language_named("r").read(saw, mode) == wanted


@pytest.mark.world
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("probe", language_named("r").probes(""), ids=lambda probe: probe.name)
def test_the_self_test_holds(sandbox: Sandbox, probe: Probe, mode: Mode) -> None:
    check = try_probe(probe, language_named("r"), mode, sandbox, "r")
    assert check.ok, check


SUITE = "\nstopifnot(TRUE)"
ODD = {
    "a NUL byte in a text": ("x <- 'a\0b'" + SUITE, ("passed", "OK")),
    "a NUL byte ends the file": ("\0\nstop('told')" + SUITE, ("passed", "OK")),
    "a lone surrogate": ("# \ud800" + SUITE, ("passed", "OK")),
    "10 MB of comments": (("#" + "x" * 98 + "\n") * 100_000 + SUITE, ("passed", "OK")),
    "prints 1 MB": ("for (i in 1:10000) cat(strrep('x', 99), '\\n')" + SUITE, ("passed", "OK")),
    "prints 100 MB": ("x <- strrep('x', 1e6); for (i in 1:100) cat(x)" + SUITE, ("passed", "OK")),
    "calls a command of the list": ("stopifnot(system('expr 1 = 1 >/dev/null') == 0)" + SUITE, ("passed", "OK")),
    "reads standard input": ("stopifnot(length(readLines('stdin')) == 0)" + SUITE, ("passed", "OK")),
    "ends by a signal": ("tools::pskill(Sys.getpid(), 9)" + SUITE, ("crashed", "AssertionError")),
}


@pytest.mark.world
@pytest.mark.parametrize("name", ODD)
def test_odd_program(sandbox: Sandbox, name: str) -> None:
    program, wanted = ODD[name]
    assert judged(sandbox, "r", program) == wanted


def test_a_program_has_5_seconds_and_no_bound_of_output_that_decides() -> None:
    limits = language_named("r").prepare(b"", "parity").limits["run"]
    assert (limits.wall_seconds, limits.output_bytes) == (5.0, 64 << 20)


@pytest.mark.world
def test_programs_find_the_packages_of_r_itself_and_the_board_s_version_is_told(sandbox: Sandbox) -> None:
    provided = look(provisions_named("r"), sandbox)
    assert any("the board's image has R version 4.1.2" in line for line in provided.differences)
    own = ["base", "compiler", "grid", "methods", "parallel", "splines", "stats4", "tcltk", "tools", "utils"]
    program = "\n".join(f"stopifnot(requireNamespace('{name}', quietly = TRUE))" for name in own)
    assert judged(sandbox, "r", program + "\nstopifnot(!length(dir('/usr/local/lib/R')))")[0] == "passed"
