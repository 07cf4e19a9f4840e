"""Languages: the harness's verdict for odd programs, and what the status rules read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from podium.errors import UnknownNameError
from podium.execute.jobs import Completed
from podium.execute.languages import LANGUAGES, language_named
from podium.execute.programs import encode_program
from podium.execute.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.records import Outcome

CALM = Completed(
    exit_code=0, signal=None, stdout=b"", stderr=b"", result=None, timed_out=False, output_exceeded=False,
    memory_exceeded=False, wall_seconds=0.1, cpu_seconds=0.1,
)  # fmt: skip


def completed(**fields: object) -> Completed:
    return msgspec.structs.replace(CALM, **fields)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def test_unknown_language_names_the_closest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'py'"):
        language_named("pyy")


@pytest.mark.parametrize("name", sorted(LANGUAGES))
def test_each_language_probes_right_wrong_malformed_and_endless(name: str) -> None:
    names = [probe.name for probe in language_named(name).probes("")]
    assert names[:4] == ["right answer", "wrong answer", "syntax error", "endless loop"]


SH = [
    (completed(), ("passed", "OK")),
    (completed(stderr=b"x: syntax error"), ("passed", "OK")),
    (completed(exit_code=2, stderr=b"x: syntax error near"), ("syntax_error", "SyntaxError")),
    (completed(exit_code=1, stderr=b"." * 2048 + b"syntax error"), ("failed", "Exception")),
    (completed(exit_code=1), ("failed", "Exception")),
    (completed(exit_code=None, signal=11), ("crashed", "Exception")),
    (completed(exit_code=None, signal=9, memory_exceeded=True), ("out_of_memory", "Exception")),
    (completed(exit_code=None, signal=9, timed_out=True), ("timed_out", "Timeout")),
    (completed(exit_code=None, signal=9, output_exceeded=True), ("output_limit", "Timeout")),
    (completed(exit_code=0, processes_exceeded=True, files_exceeded=True, memory_exceeded=True), ("passed", "OK")),
    (completed(exit_code=1, processes_exceeded=True), ("process_limit", "Exception")),
    (completed(exit_code=1, files_exceeded=True), ("file_limit", "Exception")),
    (completed(exit_code=2, stderr=b"syntax error", memory_exceeded=True), ("out_of_memory", "SyntaxError")),
    (completed(exit_code=None, signal=9, timed_out=True, processes_exceeded=True), ("process_limit", "Timeout")),
    (completed(exit_code=None, signal=9), ("crashed", "Exception")),
]
PL = [
    (completed(stdout=b"ok"), ("passed", "OK")),
    (completed(stdout=b"an ERROR"), ("failed", "Exception")),
    (completed(stderr=b"an ERROR"), ("failed", "Exception")),
    (completed(stderr=b"an error"), ("passed", "OK")),
    (completed(exit_code=255, stderr=b"syntax error"), ("failed", "Exception")),
    (completed(exit_code=None, signal=9, timed_out=True), ("timed_out", "Timeout")),
    (completed(stdout=b"ERROR", files_exceeded=True), ("file_limit", "Exception")),
]
PY = [
    (completed(result="\npassed"), ("passed", "passed")),
    (completed(result="\ntimed out"), ("timed_out", "timed out")),
    (completed(result="AssertionError\nfailed: "), ("failed", "failed: ")),
    (completed(result="AssertionError\nfailed: a\nb"), ("failed", "failed: a\nb")),
    (completed(result="SyntaxError\nfailed: invalid syntax"), ("syntax_error", "failed: invalid syntax")),
    (completed(result="\nfailed: invalid syntax"), ("failed", "failed: invalid syntax")),
    (completed(result="MemoryError\nfailed: "), ("out_of_memory", "failed: ")),
    (completed(result=None), ("crashed", "timed out")),
    (completed(result=None, timed_out=True, exit_code=None, signal=9), ("timed_out", "timed out")),
    (completed(result=None, memory_exceeded=True, exit_code=None, signal=9), ("out_of_memory", "timed out")),
    (completed(result=None, output_exceeded=True, exit_code=None, signal=9), ("output_limit", "timed out")),
    (completed(result="\npassed", memory_exceeded=True), ("passed", "passed")),
    (completed(result="OSError\nfailed: [Errno 28]", files_exceeded=True), ("file_limit", "failed: [Errno 28]")),
    (completed(result="RuntimeError\nfailed: no", processes_exceeded=True), ("process_limit", "failed: no")),
    (completed(result="\ntimed out", processes_exceeded=True), ("process_limit", "timed out")),
]
CASES = [
    pytest.param(name, *case, id=f"{name}-{number}")
    for name, cases in (("sh", SH), ("pl", PL), ("py", PY))
    for number, case in enumerate(cases)
]


@pytest.mark.parametrize(("name", "saw", "wanted"), CASES)
def test_status_rules(name: str, saw: Completed, wanted: tuple[str, str]) -> None:
    assert language_named(name).read(saw, "parity") == wanted


# Verdicts of the harness's executor for the same texts.
ODD_PYTHON: list[tuple[str, Outcome, str]] = [
    ("assert 1 == 2, 'no'", "failed", "failed: no"),
    ("import os\nos._exit(0)", "crashed", "timed out"),
    ("import sys\nsys.exit(0)", "failed", "failed: 0"),
    ("exit()", "failed", "failed: 'NoneType' object is not callable"),
    ("import os\nos.getcwd()", "failed", "failed: 'NoneType' object is not callable"),
    ("import resource", "failed", "failed: import of resource halted; None in sys.modules"),
    ("input()", "failed", "failed: "),
    ("import sys\nsys.stdin.read()", "failed", "failed: "),
    ("import sys\nsys.stdout.buffer", "failed", "failed: 'WriteOnlyStringIO' object has no attribute 'buffer'"),
    ("assert __name__ != '__main__'\nif __name__ == '__main__':\n    1 / 0", "passed", "passed"),
    ("def f(:\n    pass", "syntax_error", "failed: invalid syntax (<string>, line 1)"),
    ("exec('def f(:')", "failed", "failed: invalid syntax (<string>, line 1)"),
    ("x = 1\0", "syntax_error", "failed: source code string cannot contain null bytes"),
    ("def f():\n    return f()\nf()", "failed", "failed: maximum recursion depth exceeded"),
    ("class E(Exception):\n    def __str__(self):\n        raise ValueError\nraise E", "crashed", "timed out"),
    ("import ctypes\nctypes.string_at(0)", "crashed", "timed out"),
    ("class A:\n    def __eq__(self, other):\n        return True\nassert A() == 5", "passed", "passed"),
    ("print('x' * 5_000_000)", "passed", "passed"),
    ("raise KeyboardInterrupt", "failed", "failed: "),
    ("x = '\ud800'", "failed", "failed: 'utf-8' codec can't encode character '\\ud800' in position 5: "
     "surrogates not allowed"),
    ("open('f', 'w').write('x')\nassert open('f').read() == 'x'", "passed", "passed"),
]  # fmt: skip


@pytest.mark.world
@pytest.mark.parametrize(("program", "outcome", "message"), ODD_PYTHON)
def test_odd_python_program(sandbox: Sandbox, program: str, outcome: Outcome, message: str) -> None:
    assert judge(sandbox, "py", program) == (outcome, message)


@pytest.mark.world
@pytest.mark.parametrize(
    ("program", "wanted"),
    [
        ("import time\ntry:\n    time.sleep(60)\nexcept Exception:\n    pass", ("passed", "passed")),
        ("import time\ntry:\n    time.sleep(60)\nexcept ValueError:\n    pass", ("timed_out", "timed out")),
        (
            "import time\nwhile True:\n    try:\n        time.sleep(60)\n    except BaseException:\n        pass",
            ("timed_out", "timed out"),
        ),
    ],
    ids=["swallows the alarm", "sleeps", "never ends"],
)
def test_python_program_that_meets_the_alarm(sandbox: Sandbox, program: str, wanted: tuple[str, str]) -> None:
    assert judge(sandbox, "py", program) == wanted


ODD_SH_AND_PL: list[tuple[str, str, tuple[str, str]]] = [
    ("sh", "no_such_command\n[[ 1 = 1 ]]", ("passed", "OK")),
    ("sh", "if true; then", ("syntax_error", "SyntaxError")),
    ("sh", "kill -11 $$", ("crashed", "Exception")),
    ("sh", "head -c 70000 /dev/zero", ("passed", "OK")),
    ("sh", "head -c 1000000 /dev/zero", ("output_limit", "Timeout")),
    ("pl", "print 'ok';", ("passed", "OK")),
    ("pl", "print 'ERROR';", ("failed", "Exception")),
    ("pl", "sub {", ("failed", "Exception")),
    ("pl", "exit 1;", ("failed", "Exception")),
]


@pytest.mark.world
@pytest.mark.parametrize(("name", "program", "wanted"), ODD_SH_AND_PL)
def test_odd_script(sandbox: Sandbox, name: str, program: str, wanted: tuple[str, str]) -> None:
    assert judge(sandbox, name, program) == wanted


def judge(sandbox: Sandbox, name: str, program: str) -> tuple[str, str]:
    language = language_named(name)
    saw = sandbox.run(language.prepare(encode_program(program), "parity"))
    return language.read(saw, "parity")
