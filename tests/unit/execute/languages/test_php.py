"""PHP: the cases, what both modes say of them, and that the machine's own settings and extensions decide nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.execute.languages.cases import MODES, check_collection, need_toolchain, outcome_of, read_cases
from tests.unit.execute.languages.odd import completed, judged
from tests.unit.execute.users import USERS, judge_as
from tests.unit.execute.users import Case as UserCase

from podium.execute.languages import language_named
from podium.execute.sandbox import Sandbox, UnsafeSandbox
from podium.execute.selftest import try_probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.execute.languages.cases import Case

    from podium.execute.jobs import Completed
    from podium.execute.languages import Mode

CASES = read_cases("php")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    need_toolchain("php")
    with Sandbox() as made:
        yield made


def test_the_cases_cover_every_way_to_fail() -> None:
    check_collection("php")


@pytest.mark.world
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_case_has_its_outcome(sandbox: Sandbox, case: Case, mode: Mode) -> None:
    outcome, message = outcome_of(case, mode, sandbox)
    assert outcome == case.wanted[mode], message


def test_the_modes_differ_in_what_a_right_program_says_of_parse_errors() -> None:
    different = {str(case) for case in CASES if case.wanted["parity"] != case.wanted["corrected"]}
    assert different == {"HumanEval_53_add.said_parse_error", "HumanEval_53_add.said_parse_error-wrong"}


@pytest.mark.world
@pytest.mark.parametrize("number", range(5))
def test_the_self_test_holds(sandbox: Sandbox, number: int) -> None:
    language = language_named("php")
    check = try_probe(language.probes("")[number], language, "parity", sandbox, "php")
    assert check.ok, check


@pytest.mark.world
def test_the_machine_s_settings_are_not_read_without_isolation_either() -> None:
    need_toolchain("php")
    program = (
        "<?php\nif (php_ini_loaded_file() || php_ini_scanned_files()) { exit(1); }\nif (!ctype_digit('1')) { exit(1); }"
    )
    with UnsafeSandbox() as unsafe:
        assert judged(unsafe, "php", program) == ("passed", "OK")


PARSE_ERROR = b"PHP Parse error:  syntax error, unexpected token"
STATUS = [
    (completed(), ("passed", "OK"), ("passed", "OK")),
    (completed(stderr=PARSE_ERROR), ("passed", "OK"), ("passed", "OK")),
    (completed(stdout=PARSE_ERROR), ("syntax_error", "SyntaxError"), ("passed", "OK")),
    (completed(stdout=b"." * 2048 + PARSE_ERROR), ("passed", "OK"), ("passed", "OK")),
    (completed(exit_code=255, stderr=PARSE_ERROR), ("syntax_error", "Exception"), ("syntax_error", "SyntaxError")),
    (completed(exit_code=255, stdout=PARSE_ERROR), ("syntax_error", "SyntaxError"), ("failed", "Exception")),
    (completed(exit_code=255), ("failed", "Exception"), ("failed", "Exception")),
    (completed(exit_code=None, signal=11), ("crashed", "Exception"), ("crashed", "Exception")),
    (completed(exit_code=None, signal=9, timed_out=True), ("timed_out", "Exception"), ("timed_out", "Timeout")),
    (
        completed(exit_code=None, signal=9, timed_out=True, stdout=PARSE_ERROR),
        ("timed_out", "SyntaxError"),
        ("timed_out", "Timeout"),
    ),
    (
        completed(exit_code=None, signal=9, output_exceeded=True),
        ("output_limit", "Exception"),
        ("output_limit", "Timeout"),
    ),
    (
        completed(exit_code=None, signal=9, memory_exceeded=True),
        ("out_of_memory", "Exception"),
        ("out_of_memory", "Exception"),
    ),
    (
        completed(exit_code=255, stderr=b"PHP Fatal error:  Out of memory (allocated 2097152 bytes)"),
        ("out_of_memory", "Exception"),
        ("out_of_memory", "Exception"),
    ),
]


@pytest.mark.parametrize(("saw", "parity", "corrected"), STATUS)
def test_status_rules(saw: Completed, parity: tuple[str, str], corrected: tuple[str, str]) -> None:
    language = language_named("php")
    assert [language.read(saw, mode) for mode in MODES] == [parity, corrected]


ROOMY = {
    "more memory than PHP's own limit": "$all = range(1, 20000000);",
    "a large string": "$all = str_repeat('x', 1 << 30);",
    "deep recursion": "function deep($n) { return $n === 0 ? 0 : 1 + deep($n - 1); }\ndeep(100000);",
    "50 processes": "for ($i = 0; $i < 50; $i++) { if (pcntl_fork() === 0) { usleep(100000); exit(0); } }",
    "100 MB of files": "file_put_contents('f', str_repeat('x', 100 << 20));",
    "60 kB of output": "echo str_repeat('x', 60000);",
}


@pytest.mark.world
@pytest.mark.parametrize("user", USERS)
def test_a_right_program_meets_no_limit(user: str) -> None:
    need_toolchain("php")
    judgements = judge_as(user, [UserCase("php", f"<?php\n{body}", provisions="php") for body in ROOMY.values()])
    found = {name: (judged.outcome, judged.stderr) for name, judged in zip(ROOMY, judgements, strict=True)}
    assert found == dict.fromkeys(ROOMY, ("passed", ""))


WITHHELD = "it asked for python3, which the harness has and programs here have not"
FLOOD = "$much = str_repeat('x', 1 << 20);\nfor ($i = 0; $i < 1000; $i++) { echo $much; }"
ODD: dict[str, tuple[str, tuple[str, str]]] = {
    "ends early": ("exit(0);", ("passed", "OK")),
    "ends early with a text": ("exit('failed');", ("passed", "OK")),
    "assertions are off, as Debian has them": ("assert(false);", ("passed", "OK")),
    "nothing is shown on stdout": (
        "ob_start();\n$x = $unknown;\nif (ob_get_clean() !== '') { exit(1); }",
        ("passed", "OK"),
    ),
    "no environment": ("if ($_ENV !== array()) { exit(1); }", ("passed", "OK")),
    "no short tags": ("?><? exit(1);", ("passed", "OK")),
    "no cache of compiled files": ("if (function_exists('opcache_get_status')) { exit(1); }", ("passed", "OK")),
    "an extension that comes along": ("if (!ctype_digit('12')) { exit(1); }", ("passed", "OK")),
    "an extension of other packages": ("mb_strlen('x');", ("failed", "Exception")),
    "a parse error in what it makes": ("eval('(;');", ("syntax_error", "Exception")),
    "a secret file": ("require '/etc/shadow';", ("failed", "Exception")),
    "the machine's settings": ("if (file_exists('/etc/php')) { exit(1); }", ("passed", "OK")),
    "the network": ("if (@fsockopen('127.0.0.1', 22)) { exit(1); }", ("passed", "OK")),
    "a NUL byte": ("\0$x = 1;", ("syntax_error", "Exception")),
    "a lone surrogate": ("$x = '\ud800';", ("passed", "OK")),
    "10 MB": (f"$x = array({'1, ' * 3_000_000});", ("passed", "OK")),
    "1 GB of output": (FLOOD, ("output_limit", "Exception")),
    "endless recursion": ("function f($n) { return f($n + 1) + 1; }\nf(1);", ("out_of_memory", "Exception")),
    "asks for what is withheld": ("system('python3');", ("unavailable", WITHHELD)),
}


@pytest.mark.world
@pytest.mark.parametrize("name", ODD)
def test_odd_program(sandbox: Sandbox, name: str) -> None:
    program, wanted = ODD[name]
    assert judged(sandbox, "php", f"<?php\n{program}") == wanted
