# ruff: noqa: E501  one line a program reads best
"""D: the harness's verdict for our completions and for odd programs, and what the status rules read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.execute.languages.cases import check_collection, need_toolchain, outcome_of, read_cases
from tests.unit.execute.languages.odd import completed, judged

from podium.execute.languages import language_named
from podium.execute.sandbox import Sandbox
from podium.execute.selftest import try_probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.execute.languages.cases import Case

    from podium.execute.jobs import Completed

CASES = read_cases("d")
WITHHELD = "it asked for python3, which the harness has and programs here have not"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    need_toolchain("d")
    with Sandbox() as made:
        yield made


def test_cases_hold_every_way_to_end() -> None:
    check_collection("d")


@pytest.mark.world
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_completion_has_its_outcome(sandbox: Sandbox, case: Case) -> None:
    assert outcome_of(case, "parity", sandbox)[0] == case.wanted["parity"]


def test_both_modes_are_one() -> None:
    language = language_named("d")
    assert language.prepare(b"x", "parity") == language.prepare(b"x", "corrected")
    assert [case for case in CASES if case.wanted["parity"] != case.wanted["corrected"]] == []


def test_compiler_and_program_share_15_seconds_and_streams() -> None:
    (step,) = language_named("d").prepare(b"", "parity").steps
    assert step.limits.wall_seconds == 15.0
    assert step.command[:2] == ["sh", "-c"]


@pytest.mark.world
def test_time_of_the_compiler_is_taken_from_the_program(sandbox: Sandbox) -> None:
    slow = "int f(int n) { int s; for (int i = 0; i < n; i++) s += i; return s; }\nenum x = f(300_000_000);\nvoid main() {}"
    job = language_named("d").prepare(slow.encode(), "parity").within(1.0, 0.0)
    saw = sandbox.run(msgspec.structs.replace(job, provisions="d"))
    assert language_named("d").read(saw, "parity") == ("timed_out", "Timeout")


@pytest.mark.world
@pytest.mark.parametrize("number", range(5))
def test_the_self_test_holds(sandbox: Sandbox, number: int) -> None:
    language = language_named("d")
    check = try_probe(language.probes("")[number], language, "parity", sandbox, "d")
    assert check.ok, check


STATUS = [
    (completed(), ("passed", "OK")),
    (completed(stderr=b"Error: none"), ("passed", "OK")),
    (completed(exit_code=1), ("failed", "Exception")),
    (completed(exit_code=1, stderr=b"Error: told"), ("failed", "SyntaxError")),
    (completed(exit_code=1, stderr=b"." * 2048 + b"Error: told"), ("failed", "Exception")),
    (completed(exit_code=113, stderr=b"p.d(1): Error: told"), ("syntax_error", "SyntaxError")),
    (completed(exit_code=113, stderr=b"." * 2048 + b"Error: told"), ("syntax_error", "Exception")),
    (completed(exit_code=113, memory_exceeded=True), ("out_of_memory", "Exception")),
    (completed(exit_code=113, stderr=b"Error:", files_exceeded=True), ("file_limit", "SyntaxError")),
    (completed(exit_code=None, signal=11), ("crashed", "Exception")),
    (completed(exit_code=1, memory_exceeded=True), ("out_of_memory", "Exception")),
    (completed(exit_code=None, signal=9, timed_out=True), ("timed_out", "Timeout")),
    (completed(exit_code=None, signal=9, output_exceeded=True), ("output_limit", "Timeout")),
    (completed(exit_code=113, stderr=b"Error: No space left on device"), ("file_limit", "SyntaxError")),
    (completed(exit_code=1, stderr=b"Error: No space left on device"), ("failed", "SyntaxError")),
]


@pytest.mark.parametrize(("saw", "wanted"), STATUS)
def test_status_rules(saw: Completed, wanted: tuple[str, str]) -> None:
    assert language_named("d").read(saw, "parity") == wanted


ODD = {
    "ends early": ("import core.stdc.stdlib; void main() { exit(0); }", ("passed", "OK")),
    "unit tests run": ("unittest { assert(false); } void main() {}", ("failed", "Exception")),
    "main does not after unit tests": ("unittest { assert(true); } void main() { assert(false); }", ("passed", "OK")),
    "an exception says Error": ("unittest { throw new Exception(\"Error: told\"); } void main() {}", ("failed", "SyntaxError")),
    "the compiler says Error of a right program": ("pragma(msg, \"Error: none\"); unittest { } void main() {}", ("passed", "OK")),
    "the compiler says Error of a wrong program": ("pragma(msg, \"Error: none\"); unittest { assert(false); } void main() {}", ("failed", "SyntaxError")),
    "ends as the compiler's failure does": ("import core.stdc.stdlib; void main() { exit(113); }", ("syntax_error", "Exception")),
    "prints 70 kB": ("import std.stdio; void main() { foreach (i; 0 .. 70000) write('x'); }", ("passed", "OK")),
    "prints 1 MB": ("import std.stdio; void main() { foreach (i; 0 .. 1_000_000) write('x'); }", ("output_limit", "Timeout")),
    "no main": ("int x;", ("syntax_error", "SyntaxError")),
    "links against nothing": ("extern (C) void f(); void main() { f(); }", ("syntax_error", "SyntaxError")),
    "a NUL byte": ("void main() {}\0 this is not read", ("passed", "OK")),
    "a lone surrogate": ("// \ud800\nvoid main() {}", ("syntax_error", "SyntaxError")),
    "asks for what is withheld": ("import std.process; void main() { spawnProcess([\"python3\"]).wait; }", ("unavailable", WITHHELD)),
}  # fmt: skip


@pytest.mark.world
@pytest.mark.parametrize("name", ODD)
def test_odd_program(sandbox: Sandbox, name: str) -> None:
    program, wanted = ODD[name]
    assert judged(sandbox, "d", program) == wanted
