# ruff: noqa: E501  one line a program reads best
"""C++: the harness's verdict for our completions and for odd programs, and what the status rules read."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

CASES = read_cases("cpp")
WITHHELD = "it asked for python3, which the harness has and programs here have not"
MAIN = "int main() { return 0; }\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    need_toolchain("cpp")
    with Sandbox() as made:
        yield made


def test_cases_hold_every_way_to_end() -> None:
    check_collection("cpp")


@pytest.mark.world
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_completion_has_its_outcome(sandbox: Sandbox, case: Case) -> None:
    assert outcome_of(case, "parity", sandbox)[0] == case.wanted["parity"]


def test_both_modes_are_one() -> None:
    language = language_named("cpp")
    assert language.prepare(b"x", "parity") == language.prepare(b"x", "corrected")
    assert [case for case in CASES if case.wanted["parity"] != case.wanted["corrected"]] == []


def test_compiler_and_program_have_15_seconds_each() -> None:
    limits = language_named("cpp").prepare(b"", "parity").limits
    assert {name: bounds.wall_seconds for name, bounds in limits.items()} == {"compile": 15.0, "run": 15.0}


def test_the_command_is_the_harness_s() -> None:
    compile_step, run_step = language_named("cpp").prepare(b"", "parity").steps
    assert compile_step.command == ["g++", "tmp/program.cpp", "-o", "../tmp/program", "-std=c++17"]
    assert run_step.command == ["../tmp/program"]


@pytest.mark.world
@pytest.mark.parametrize("number", range(5))
def test_the_self_test_holds(sandbox: Sandbox, number: int) -> None:
    language = language_named("cpp")
    check = try_probe(language.probes("")[number], language, "parity", sandbox, "cpp")
    assert check.ok, check


STATUS = [
    (completed(), ("passed", "OK")),
    (completed(stderr=b"Error: none"), ("passed", "OK")),
    (completed(exit_code=3), ("failed", "Exception")),
    (completed(exit_code=None, signal=6), ("failed", "Exception")),
    (completed(exit_code=None, signal=11), ("crashed", "Exception")),
    (completed(exit_code=None, signal=6, memory_exceeded=True), ("out_of_memory", "Exception")),
    (completed(exit_code=None, signal=6, processes_exceeded=True), ("process_limit", "Exception")),
    (completed(exit_code=None, signal=9, timed_out=True), ("timed_out", "Timeout")),
    (completed(exit_code=None, signal=9, output_exceeded=True), ("output_limit", "Timeout")),
    (completed(step="compile", exit_code=1), ("syntax_error", "SyntaxError")),
    (completed(step="compile", exit_code=None, signal=9, timed_out=True), ("timed_out", "SyntaxError")),
    (completed(step="compile", exit_code=1, memory_exceeded=True), ("out_of_memory", "SyntaxError")),
    (completed(step="compile", exit_code=1, files_exceeded=True), ("file_limit", "SyntaxError")),
    (completed(step="compile", exit_code=1, processes_exceeded=True), ("process_limit", "SyntaxError")),
    (completed(step="compile", exit_code=None, signal=9, output_exceeded=True), ("output_limit", "SyntaxError")),
    (
        completed(step="compile", exit_code=1, stderr=b"ld: final link failed: No space left on device"),
        ("file_limit", "SyntaxError"),
    ),
    (
        completed(step="compile", exit_code=4, stderr=b"File size limit exceeded signal terminated program as"),
        ("file_limit", "SyntaxError"),
    ),
    (completed(exit_code=1, stderr=b"No space left on device"), ("failed", "Exception")),
]


@pytest.mark.parametrize(("saw", "wanted"), STATUS)
def test_status_rules(saw: Completed, wanted: tuple[str, str]) -> None:
    assert language_named("cpp").read(saw, "parity") == wanted


ODD = {
    "ends early": ("#include <cstdlib>\nint main() { std::exit(0); }", ("passed", "OK")),
    "C++17 is spoken": ("#include <optional>\nint main() { if (std::optional<int> x = 1; !x) return 1; }", ("passed", "OK")),
    "C++20 is not": ("#include <concepts>\ntemplate <std::integral T> T f(T x) { return x; }\n" + MAIN, ("syntax_error", "SyntaxError")),
    "asserts are on": ("#include <cassert>\nint main() { assert(false); }", ("failed", "Exception")),
    "prints 70 kB": ("#include <cstdio>\nint main() { for (int i = 0; i < 70000; i++) putchar('x'); }", ("passed", "OK")),
    "prints 1 MB": ("#include <cstdio>\nint main() { for (int i = 0; i < 1000000; i++) putchar('x'); }", ("output_limit", "Timeout")),
    "prints bytes": ("#include <cstdio>\nint main() { puts(\"\\xff\\xfe\"); }", ("passed", "OK")),
    "a NUL byte": ("int main() { return 0; }\0", ("passed", "OK")),
    "a lone surrogate": ("// \ud800\n" + MAIN, ("passed", "OK")),
    "a lone surrogate in a name": ("int \ud800;\n" + MAIN, ("syntax_error", "SyntaxError")),
    "no main": ("int x;", ("syntax_error", "SyntaxError")),
    "kills itself": ("#include <csignal>\nint main() { raise(SIGKILL); }", ("crashed", "Exception")),
    "asks for what is withheld": ("#include <cstdlib>\nint main() { return system(\"python3 -c 1\"); }", ("unavailable", WITHHELD)),
}  # fmt: skip


@pytest.mark.world
@pytest.mark.parametrize("name", ODD)
def test_odd_program(sandbox: Sandbox, name: str) -> None:
    program, wanted = ODD[name]
    assert judged(sandbox, "cpp", program) == wanted
