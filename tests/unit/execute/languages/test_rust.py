# ruff: noqa: E501  one line a program reads best
"""Rust: the harness's verdict for our completions and for odd programs, and what the status rules read."""

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

CASES = read_cases("rs")
WITHHELD = "it asked for python3, which the harness has and programs here have not"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    need_toolchain("rs")
    with Sandbox() as made:
        yield made


def test_cases_hold_every_way_to_end() -> None:
    check_collection("rs")


@pytest.mark.world
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_completion_has_its_outcome(sandbox: Sandbox, case: Case) -> None:
    assert outcome_of(case, "parity", sandbox)[0] == case.wanted["parity"]


def test_both_modes_are_one() -> None:
    language = language_named("rs")
    assert language.prepare(b"x", "parity") == language.prepare(b"x", "corrected")
    assert [case for case in CASES if case.wanted["parity"] != case.wanted["corrected"]] == []


def test_the_compiler_has_15_seconds_and_the_program_5() -> None:
    limits = language_named("rs").prepare(b"", "parity").limits
    assert {name: bounds.wall_seconds for name, bounds in limits.items()} == {"compile": 15.0, "run": 5.0}


def test_the_command_is_the_harness_s() -> None:
    compile_step, run_step = language_named("rs").prepare(b"", "parity").steps
    assert compile_step.command == ["rustc", "tmp/program.rs", "-o", "../tmp/program"]
    assert run_step.command == ["../tmp/program"]


@pytest.mark.world
@pytest.mark.parametrize("number", range(5))
def test_the_self_test_holds(sandbox: Sandbox, number: int) -> None:
    language = language_named("rs")
    check = try_probe(language.probes("")[number], language, "parity", sandbox, "rs")
    assert check.ok, check


STATUS = [
    (completed(), ("passed", "OK")),
    (completed(exit_code=101), ("failed", "Exception")),
    (completed(exit_code=None, signal=6), ("crashed", "Exception")),
    (completed(exit_code=101, memory_exceeded=True), ("out_of_memory", "Exception")),
    (completed(exit_code=101, processes_exceeded=True), ("process_limit", "Exception")),
    (completed(exit_code=None, signal=9, timed_out=True), ("timed_out", "Timeout")),
    (completed(exit_code=None, signal=9, output_exceeded=True), ("output_limit", "Timeout")),
    (completed(step="compile", exit_code=1), ("syntax_error", "SyntaxError")),
    (completed(step="compile", exit_code=101, stderr=b"internal compiler error"), ("syntax_error", "SyntaxError")),
    (completed(step="compile", exit_code=None, signal=9, timed_out=True), ("timed_out", "Timeout")),
    (
        completed(step="compile", exit_code=None, signal=9, timed_out=True, memory_exceeded=True),
        ("out_of_memory", "Timeout"),
    ),
    (completed(step="compile", exit_code=1, memory_exceeded=True), ("out_of_memory", "SyntaxError")),
    (completed(step="compile", exit_code=1, files_exceeded=True), ("file_limit", "SyntaxError")),
    (completed(step="compile", exit_code=None, signal=9, output_exceeded=True), ("output_limit", "SyntaxError")),
    (
        completed(step="compile", exit_code=1, stderr=b"IO failure on output stream: File too large"),
        ("file_limit", "SyntaxError"),
    ),
    (completed(step="compile", exit_code=None, signal=25), ("file_limit", "SyntaxError")),
    (completed(step="compile", exit_code=None, signal=11), ("syntax_error", "SyntaxError")),
]


@pytest.mark.parametrize(("saw", "wanted"), STATUS)
def test_status_rules(saw: Completed, wanted: tuple[str, str]) -> None:
    assert language_named("rs").read(saw, "parity") == wanted


ODD = {
    "ends early": ("fn main() { std::process::exit(0); }", ("passed", "OK")),
    "edition 2015: async is a name": ("fn main() { let async = 1; assert_eq!(async, 1); }", ("passed", "OK")),
    "edition 2015: no paths of 2018": ("use crate::inner::f; mod inner { pub fn f() { ::inner::g() } pub fn g() {} } fn main() { f() }", ("passed", "OK")),
    "edition 2018 is not spoken": ("async fn f() {}\nfn main() {}", ("syntax_error", "SyntaxError")),
    "overflow panics": ("fn main() { let mut x = 250u8; for _ in 0..9 { x += 1; } println!(\"{}\", x); }", ("failed", "Exception")),
    "warnings are none of its business": ("#![warn(unused)] fn f(x: u8) {} fn main() {}", ("passed", "OK")),
    "prints 1 MB": ("fn main() { println!(\"{}\", \".\".repeat(1_000_000)); }", ("passed", "OK")),
    "prints bytes": ("use std::io::Write; fn main() { std::io::stdout().write_all(b\"\\xff\\xfe\").unwrap(); }", ("passed", "OK")),
    "aborts": ("fn main() { std::process::abort() }", ("crashed", "Exception")),
    "no main": ("fn f() {}", ("syntax_error", "SyntaxError")),
    "an unknown crate": ("extern crate rand; fn main() {}", ("syntax_error", "SyntaxError")),
    "a NUL byte": ("fn main() {}\0", ("syntax_error", "SyntaxError")),
    "a NUL byte in a comment": ("fn main() {} // \0", ("passed", "OK")),
    "a lone surrogate": ("// \ud800\nfn main() {}", ("syntax_error", "SyntaxError")),
    "asks for what is withheld": ("fn main() { let _ = std::process::Command::new(\"python3\").status(); }", ("unavailable", WITHHELD)),
}  # fmt: skip


@pytest.mark.world
@pytest.mark.parametrize("name", ODD)
def test_odd_program(sandbox: Sandbox, name: str) -> None:
    program, wanted = ODD[name]
    assert judged(sandbox, "rs", program) == wanted
