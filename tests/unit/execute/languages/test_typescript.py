"""TypeScript: the cases, that a type error is a syntax error, and what the status rules read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.execute.languages.cases import MODES, check_collection, need_toolchain, outcome_of, read_cases
from tests.unit.execute.languages.odd import completed
from tests.unit.execute.languages.patient import LIMITS, judged_patiently
from tests.unit.execute.users import USERS, judge_as
from tests.unit.execute.users import Case as UserCase

from podium.execute.languages import language_named
from podium.execute.sandbox import Sandbox
from podium.execute.selftest import try_probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.execute.languages.cases import Case

    from podium.execute.jobs import Completed

CASES = read_cases("ts")
# Three seconds each: most of the right ones are there for comparisons with the harness.
MANY = [case for case in CASES if case.variant == "right"][3:]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    need_toolchain("ts")
    with Sandbox() as made:
        yield made


def test_the_cases_cover_every_way_to_fail() -> None:
    check_collection("ts")


@pytest.mark.world
@pytest.mark.parametrize("case", [case for case in CASES if case not in MANY], ids=str)
def test_a_case_has_its_outcome(sandbox: Sandbox, case: Case) -> None:
    outcome, message = outcome_of(case, "parity", sandbox)
    assert outcome == case.wanted["parity"], message


@pytest.mark.world
@pytest.mark.slow
def test_more_right_solutions_pass(sandbox: Sandbox) -> None:
    found = {str(case): outcome_of(case, "parity", sandbox)[0] for case in MANY}
    assert found == dict.fromkeys(map(str, MANY), "passed")


def test_both_modes_are_one() -> None:
    language = language_named("ts")
    assert language.prepare(b"x", "parity") == language.prepare(b"x", "corrected")
    assert [case for case in CASES if case.wanted["parity"] != case.wanted["corrected"]] == []


def test_the_commands_are_the_harness_s() -> None:
    compile_step, run = language_named("ts").prepare(b"", "parity").steps
    assert compile_step.command == ["tsc", "--target", "esnext", "tmp/program.ts"]
    assert run.command == ["node", "../tmp/program.js"]
    assert {step.limits.wall_seconds for step in (compile_step, run)} == {15.0}


@pytest.mark.world
@pytest.mark.parametrize("number", range(5))
def test_the_self_test_holds(sandbox: Sandbox, number: int) -> None:
    language = language_named("ts")
    check = try_probe(language.probes("")[number], language, "parity", sandbox, "ts")
    assert check.ok, check


STATUS = [
    (completed(), ("passed", "OK")),
    (completed(exit_code=1, stderr=b"code: 'ERR_ASSERTION'"), ("failed", "AssertionError")),
    (completed(exit_code=1, stdout=b"code: 'ERR_ASSERTION'"), ("failed", "Exception")),
    (completed(exit_code=1, stderr=b"." * 2048 + b"ERR_ASSERTION"), ("failed", "Exception")),
    (completed(exit_code=1, stderr=b"SyntaxError"), ("syntax_error", "SyntaxError")),
    (completed(exit_code=1, stderr=b"ReferenceError"), ("failed", "ReferenceError")),
    (completed(exit_code=None, signal=6), ("crashed", "Exception")),
    (completed(exit_code=1, memory_exceeded=True), ("out_of_memory", "Exception")),
    (completed(exit_code=None, signal=9, timed_out=True), ("timed_out", "Timeout")),
    (completed(exit_code=None, signal=9, output_exceeded=True), ("output_limit", "Timeout")),
    (completed(step="compile", exit_code=2, stdout=b"error TS2322"), ("syntax_error", "SyntaxError")),
    (completed(step="compile", exit_code=None, signal=9, timed_out=True), ("timed_out", "SyntaxError")),
    (completed(step="compile", exit_code=134, memory_exceeded=True), ("out_of_memory", "SyntaxError")),
]


@pytest.mark.parametrize(("saw", "wanted"), STATUS)
def test_status_rules(saw: Completed, wanted: tuple[str, str]) -> None:
    language = language_named("ts")
    assert [language.read(saw, mode) for mode in MODES] == [wanted, wanted]


@pytest.mark.world
@pytest.mark.parametrize("user", USERS)
def test_root_and_an_ordinary_user_compile_and_run(user: str) -> None:
    need_toolchain("ts")
    body = "const all = [];\nfor (let i = 0; i < 10; i++) { all.push(new Array(1 << 24).fill(i)); }"
    [each] = judge_as(user, [UserCase("ts", body, LIMITS, "ts")])
    assert (each.outcome, each.stderr) == ("passed", "")


ODD = {
    "a secret file": ("/// <reference path='/etc/shadow' />\nlet x = 1;", ("syntax_error", "SyntaxError")),
    "a configuration of its own has no place": ("// @ts-check\nlet x: number = '1';", ("syntax_error", "SyntaxError")),
    "the checks put off": ("// @ts-nocheck\nlet x: number = '1';", ("passed", "OK")),
    "modules of Node are unknown": ("import * as fs from 'fs';", ("syntax_error", "SyntaxError")),
    "a NUL byte": ("\0let x = 1;", ("syntax_error", "SyntaxError")),
}  # fmt: skip


@pytest.mark.world
@pytest.mark.parametrize("name", ODD)
def test_odd_program(sandbox: Sandbox, name: str) -> None:
    program, wanted = ODD[name]
    assert judged_patiently(sandbox, "ts", program) == wanted
