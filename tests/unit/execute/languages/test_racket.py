"""Racket: the cases, what the status rules read, and failed checks, which end with exit code 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
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
    need_toolchain("rkt")
    with Sandbox() as made:
        yield made


def test_the_cases_cover_every_way_to_fail() -> None:
    check_collection("rkt")


@pytest.mark.world
@pytest.mark.parametrize(("case", "mode"), runs_of("rkt"))
def test_a_case_has_its_outcome(sandbox: Sandbox, case: Case, mode: Mode) -> None:
    outcome, message = outcome_of(case, mode, sandbox)
    assert outcome == case.wanted[mode], message


UNREADABLE = b"program.rkt:2:0: read-syntax: expected a `)` to close `(`\n"
CHECKED = b"\npodium: failed checks: "
RULES = [
    (completed(stdout=b"told"), "parity", ("passed", "OK")),
    (completed(stderr=b"told"), "parity", ("failed", "Exception")),
    (completed(stderr=b"\xff\xfe"), "parity", ("passed", "OK")),
    (completed(exit_code=1), "parity", ("failed", "Exception")),
    (completed(exit_code=1, stderr=UNREADABLE), "parity", ("syntax_error", "SyntaxError")),
    (completed(stderr=b"a read-syntax of ours"), "parity", ("syntax_error", "SyntaxError")),
    (completed(exit_code=1, stderr=b"." * 3000 + UNREADABLE), "parity", ("failed", "Exception")),
    (completed(exit_code=1, stderr=UNREADABLE, memory_exceeded=True), "parity", ("out_of_memory", "SyntaxError")),
    (completed(exit_code=1, stderr=b"told", files_exceeded=True), "parity", ("file_limit", "Exception")),
    (completed(exit_code=None, signal=9, timed_out=True), "parity", ("timed_out", "Exception")),
    (completed(exit_code=None, signal=9, timed_out=True, stderr=UNREADABLE), "parity", ("timed_out", "SyntaxError")),
    (completed(exit_code=None, signal=9, output_exceeded=True), "parity", ("output_limit", "Exception")),
    (completed(exit_code=None, signal=11), "parity", ("crashed", "Exception")),
    (completed(stdout=CHECKED + b"0\n"), "corrected", ("passed", "OK")),
    (completed(stdout=CHECKED + b"0\n", stderr=b"told"), "corrected", ("passed", "OK")),
    (completed(stdout=CHECKED + b"0\n", exit_code=1), "corrected", ("failed", "Exception")),
    (completed(stdout=CHECKED + b"2\n", stderr=b"FAILURE"), "corrected", ("failed", "Exception")),
    (completed(), "corrected", ("failed", "Exception")),
    (completed(exit_code=None, signal=9, timed_out=True), "corrected", ("timed_out", "Timeout")),
]


@pytest.mark.parametrize(("saw", "mode", "wanted"), RULES)
def test_status_rules(saw: Completed, mode: Mode, wanted: tuple[str, str]) -> None:
    assert language_named("rkt").read(saw, mode) == wanted


@pytest.mark.world
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("probe", language_named("rkt").probes("(require rackunit)"), ids=lambda probe: probe.name)
def test_the_self_test_holds(sandbox: Sandbox, probe: Probe, mode: Mode) -> None:
    check = try_probe(probe, language_named("rkt"), mode, sandbox, "rkt")
    assert check.ok, check


SUITE = "\n(require rackunit)\n(check-within 1 1 0.001)"
LANG = "#lang racket\n"
ODD = {
    "a NUL byte in a text": (LANG + '(define s "a\0b")' + SUITE, ("passed", "OK")),
    "a NUL byte between forms": (LANG + "(define s 1)\n\0" + SUITE, ("failed", "Exception")),
    "a lone surrogate": (LANG + ";; \ud800" + SUITE, ("passed", "OK")),
    "10 MB of comment": (LANG + ";;" + "x" * 10_000_000 + SUITE, ("passed", "OK")),
    "prints 70 kB": (LANG + "(display (make-string 70000 #\\x))" + SUITE, ("passed", "OK")),
    "prints 1 GB": (
        LANG + "(for ([_ 1000]) (display (make-string 1000000 #\\x)))" + SUITE,
        ("output_limit", "Exception"),
    ),
    "no language": ("(define x 1)" + SUITE, ("failed", "Exception")),
    "calls a command of the list": (
        LANG + '(unless (system "expr 1 = 1 >/dev/null") (exit 1))' + SUITE,
        ("passed", "OK"),
    ),
    "ends by a signal": (LANG + '(system "kill -9 $PPID")' + SUITE, ("crashed", "Exception")),
}


@pytest.mark.world
@pytest.mark.parametrize("name", ODD)
def test_odd_program(sandbox: Sandbox, name: str) -> None:
    program, wanted = ODD[name]
    assert judged(sandbox, "rkt", program) == wanted


@pytest.mark.world
def test_failed_checks_that_end_with_0_fail_in_both_modes(sandbox: Sandbox) -> None:
    program = LANG + SUITE.replace("1 1", "1 2")
    job = msgspec.structs.replace(language_named("rkt").prepare(program.encode(), "parity"), provisions="rkt")
    saw = sandbox.run(job)
    assert (saw.exit_code, b"FAILURE" in saw.stderr) == (0, True)
    assert [judged(sandbox, "rkt", program, mode) for mode in MODES] == [("failed", "Exception")] * 2
