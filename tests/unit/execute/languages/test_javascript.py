"""JavaScript: the cases, the texts that name a failure, its five seconds, and that no amount of output decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.execute.languages.cases import MODES, check_collection, need_toolchain, outcome_of, read_cases
from tests.unit.execute.languages.odd import completed
from tests.unit.execute.languages.patient import LIMITS, judged_patiently
from tests.unit.execute.users import USERS, judge_as
from tests.unit.execute.users import Case as UserCase

from podium.execute.languages import language_named
from podium.execute.sandbox import Sandbox, UnsafeSandbox
from podium.execute.selftest import try_probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.execute.languages.cases import Case

    from podium.execute.jobs import Completed

CASES = read_cases("js")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    need_toolchain("js")
    with Sandbox() as made:
        yield made


def test_the_cases_cover_every_way_to_fail() -> None:
    check_collection("js")


@pytest.mark.world
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_case_has_its_outcome(sandbox: Sandbox, case: Case) -> None:
    outcome, message = outcome_of(case, "parity", sandbox)
    assert outcome == case.wanted["parity"], message


def test_both_modes_are_one() -> None:
    language = language_named("js")
    assert language.prepare(b"x", "parity") == language.prepare(b"x", "corrected")
    assert [case for case in CASES if case.wanted["parity"] != case.wanted["corrected"]] == []


def test_the_command_is_the_harness_s_and_has_five_seconds() -> None:
    [step] = language_named("js").prepare(b"", "parity").steps
    assert (step.command, step.limits.wall_seconds) == (["node", "tmp/program.js"], 5.0)


@pytest.mark.world
@pytest.mark.parametrize("number", range(4))
def test_the_self_test_holds(sandbox: Sandbox, number: int) -> None:
    language = language_named("js")
    check = try_probe(language.probes("")[number], language, "parity", sandbox, "js")
    assert check.ok, check


@pytest.mark.world
def test_it_starts_without_isolation_where_addresses_are_limited() -> None:
    need_toolchain("js")
    language = language_named("js")
    with UnsafeSandbox() as unsafe:
        check = try_probe(language.probes("")[0], language, "parity", unsafe, "js")
    assert check.ok, check


STATUS = [
    (completed(), ("passed", "OK")),
    (completed(stderr=b"code: 'ERR_ASSERTION'"), ("passed", "OK")),
    (completed(exit_code=1, stderr=b"code: 'ERR_ASSERTION'"), ("failed", "AssertionError")),
    (completed(exit_code=1, stdout=b"ERR_ASSERTION", stderr=b"SyntaxError"), ("failed", "AssertionError")),
    (completed(exit_code=1, stderr=b"SyntaxError: x\nReferenceError"), ("syntax_error", "SyntaxError")),
    (completed(exit_code=1, stdout=b"ReferenceError: x"), ("failed", "ReferenceError")),
    (completed(exit_code=1, stderr=b"." * 5000 + b"SyntaxError"), ("syntax_error", "SyntaxError")),
    (completed(exit_code=1, stderr=b"AssertionError"), ("failed", "Exception")),
    (completed(exit_code=1), ("failed", "Exception")),
    (completed(exit_code=None, signal=6), ("crashed", "Exception")),
    (completed(exit_code=None, signal=6, stderr=b"JavaScript heap out of memory"), ("crashed", "Exception")),
    (completed(exit_code=None, signal=5, stderr=b"# Fatal process OOM in Failed to"), ("out_of_memory", "Exception")),
    (completed(exit_code=1, memory_exceeded=True), ("out_of_memory", "Exception")),
    (completed(exit_code=1, stderr=b"SyntaxError", files_exceeded=True), ("file_limit", "SyntaxError")),
    (completed(exit_code=None, signal=9, timed_out=True, stderr=b"SyntaxError"), ("timed_out", "Timeout")),
    (completed(exit_code=None, signal=9, output_exceeded=True), ("output_limit", "Timeout")),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("saw", "wanted"), STATUS)
def test_status_rules(saw: Completed, wanted: tuple[str, str], mode: str) -> None:
    assert language_named("js").read(saw, "parity" if mode == "parity" else "corrected") == wanted


ROOMY = {
    "a large heap": "const all = [];\nfor (let i = 0; i < 15; i++) { all.push(new Array(1 << 24).fill(i)); }",
    "large buffers": "const all = [];\nfor (let i = 0; i < 15; i++) { all.push(Buffer.alloc(100 << 20, 1)); }",
    "workers": (
        "const { Worker, isMainThread } = require('worker_threads');\n"
        "if (isMainThread) { for (let i = 0; i < 8; i++) { new Worker(__filename); } }"
    ),
    "addresses for a virtual machine": "new WebAssembly.Memory({ initial: 1000, maximum: 65536 });",
    "deep recursion": "const deep = n => n === 0 ? 0 : 1 + deep(n - 1);\ndeep(8000);",
    "100 MB of files": "require('fs').writeFileSync('f', Buffer.alloc(100 << 20));",
    "30 MB of output": "process.stdout.write('x'.repeat(30 << 20));",
}


@pytest.mark.world
@pytest.mark.parametrize("user", USERS)
def test_a_right_program_meets_no_limit(user: str) -> None:
    need_toolchain("js")
    judgements = judge_as(user, [UserCase("js", body, LIMITS, "js") for body in ROOMY.values()])
    failed = {name: (judged.outcome, judged.stderr) for name, judged in zip(ROOMY, judgements, strict=True)}
    assert failed == dict.fromkeys(ROOMY, ("passed", ""))


WITHHELD = "it asked for python3, which the harness has and programs here have not"
FLOOD = "const much = Buffer.alloc(1 << 20, 65);\nfor (let i = 0; i < 100; i++) { require('fs').writeSync(1, much); }"
ODD = {
    "ends early": ("process.exit(0);\nlet x = ;", ("syntax_error", "SyntaxError")),
    "ends early and parses": ("process.exit(0);\nfail();", ("passed", "OK")),
    "no package": ("require('lodash');", ("failed", "Exception")),
    "a rejected promise": ("Promise.reject(new Error('no'));", ("failed", "Exception")),
    "asserts as an object": ("require('node:assert').deepEqual({ a: 1 }, { a: 2 });", ("failed", "AssertionError")),
    "a secret file": ("require('fs').readFileSync('/etc/shadow');", ("failed", "Exception")),
    "the compiler's folder": ("require('fs').writeFileSync(process.execPath + '.x', '');", ("failed", "Exception")),
    "the network": ("require('net').connect(22, '127.0.0.1');", ("failed", "Exception")),
    "a NUL byte": ("\0let x = 1;", ("syntax_error", "SyntaxError")),
    "a lone surrogate": ("let x = '\ud800';", ("passed", "OK")),
    "letters of the world": ("require('node:assert').equal('é'.length, 1);", ("passed", "OK")),
    "10 MB": (f"let x = [{'1, ' * 3_000_000}];", ("passed", "OK")),
    "bytes that are no text": ("process.stdout.write(Buffer.from([255, 254]));", ("passed", "OK")),
    "100 MB of output": (FLOOD, ("passed", "OK")),
    "asks for what is withheld": (
        "require('child_process').spawnSync('python3', { stdio: 'inherit' });",
        ("unavailable", WITHHELD),
    ),
}


@pytest.mark.world
@pytest.mark.parametrize("name", ODD)
def test_odd_program(sandbox: Sandbox, name: str) -> None:
    program, wanted = ODD[name]
    assert judged_patiently(sandbox, "js", program) == wanted
