"""Scala: the cases, that a word on stderr decides in one mode only, and what the status rules read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.execute.languages.cases import MODES, check_collection, need_toolchain, outcome_of, read_cases
from tests.unit.execute.languages.odd import completed
from tests.unit.execute.languages.patient import LIMITS
from tests.unit.execute.users import USERS, judge_as
from tests.unit.execute.users import Case as UserCase

from podium.execute.languages import language_named
from podium.execute.sandbox import Sandbox
from podium.execute.selftest import try_probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.execute.languages.cases import Case

    from podium.execute.jobs import Completed
    from podium.execute.languages import Mode

CASES = read_cases("scala")
DIFFERENT = [case for case in CASES if case.wanted["parity"] != case.wanted["corrected"]]
# Five seconds each: most of them are there for comparisons with the harness.
FEW = [
    next(case for case in CASES if case.variant == variant)
    for variant in ("right", "wrong", "syntax_error-type", "flood", "endless")
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    need_toolchain("scala")
    with Sandbox() as made:
        yield made


def test_the_cases_cover_every_way_to_fail() -> None:
    check_collection("scala")


@pytest.mark.world
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", DIFFERENT, ids=str)
def test_a_word_on_stderr_decides_in_one_mode(sandbox: Sandbox, case: Case, mode: Mode) -> None:
    assert case.variant == "said_on_stderr"
    assert outcome_of(case, mode, sandbox)[0] == case.wanted[mode]


@pytest.mark.world
@pytest.mark.parametrize("case", FEW, ids=str)
def test_a_case_has_its_outcome(sandbox: Sandbox, case: Case) -> None:
    outcome, message = outcome_of(case, "parity", sandbox)
    assert outcome == case.wanted["parity"], message


@pytest.mark.world
@pytest.mark.slow
def test_all_other_cases_have_their_outcomes(sandbox: Sandbox) -> None:
    others = [case for case in CASES if case not in FEW and case not in DIFFERENT]
    found = {str(case): outcome_of(case, "parity", sandbox)[0] for case in others}
    assert found == {str(case): case.wanted["parity"] for case in others}


def test_the_commands_are_the_harness_s() -> None:
    compile_step, run = language_named("scala").prepare(b"", "parity").steps
    assert compile_step.command == ["scalac", "-d", ".", "tmp/program.scala"]
    assert run.command == ["scala", "-cp", ".", "Problem"]
    assert [step.limits.wall_seconds for step in (compile_step, run)] == [45.0, 15.0]


@pytest.mark.world
@pytest.mark.parametrize("number", range(4))
def test_the_self_test_holds(sandbox: Sandbox, number: int) -> None:
    language = language_named("scala")
    check = try_probe(language.probes("")[number], language, "parity", sandbox, "scala")
    assert check.ok, check


FULL = b"java.lang.OutOfMemoryError: Java heap space"
NO_MACHINE = b"Error occurred during initialization of VM\nCould not allocate"
STATUS = [
    (completed(), ("passed", "OK"), ("passed", "OK")),
    (completed(stderr=b"a word"), ("failed", "Exception"), ("passed", "OK")),
    (completed(exit_code=1, stderr=b"java.lang.AssertionError"), ("failed", "Exception"), ("failed", "Exception")),
    (completed(exit_code=1, stderr=FULL), ("failed", "Exception"), ("failed", "Exception")),
    (completed(exit_code=1, stdout=NO_MACHINE), ("out_of_memory", "Exception"), ("out_of_memory", "Exception")),
    (
        completed(exit_code=None, signal=9, timed_out=True, stderr=b"a word"),
        ("timed_out", "Timeout"),
        ("timed_out", "Timeout"),
    ),
    (completed(step="compile", exit_code=1), ("syntax_error", "SyntaxError"), ("syntax_error", "SyntaxError")),
    (
        completed(step="compile", exit_code=1, stdout=NO_MACHINE),
        ("out_of_memory", "SyntaxError"),
        ("out_of_memory", "SyntaxError"),
    ),
]


@pytest.mark.parametrize(("saw", "parity", "corrected"), STATUS)
def test_status_rules(saw: Completed, parity: tuple[str, str], corrected: tuple[str, str]) -> None:
    language = language_named("scala")
    assert [language.read(saw, mode) for mode in MODES] == [parity, corrected]


@pytest.mark.world
@pytest.mark.parametrize("user", USERS)
def test_root_and_an_ordinary_user_compile_and_run(user: str) -> None:
    need_toolchain("scala")
    body = "(1 to 1000000).par.map(x => x.toLong).sum"
    program = (
        f"object Problem {{\n    def main(args: Array[String]) = {{\n    assert({body} == 500000500000L)\n    }}\n}}"
    )
    [each] = judge_as(user, [UserCase("scala", program, LIMITS, "scala")])
    assert (each.outcome, each.stderr) == ("passed", "")
