"""A compiled language, made of the base class alone, with a real compiler in the real sandbox."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import msgspec
import pytest

from podium.execute.languages import judge
from podium.execute.languages.compiled import Compiled
from podium.execute.languages.safe_subprocess import LIMITS
from podium.execute.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.execute.languages import Mode, Probe

pytestmark = [
    pytest.mark.world,
    pytest.mark.skipif(shutil.which("cc", path="/usr/bin") is None, reason="there is no C compiler below /usr"),
]


class C(Compiled):
    """C, as a test needs it."""

    tools = {"cc": ["/usr/bin/cc", "--version"]}  # noqa: RUF012
    file_name = "program.c"
    run_limits = msgspec.structs.replace(LIMITS, wall_seconds=1.0)

    def compile_command(self, mode: Mode) -> list[str]:
        return ["/usr/bin/cc", "tmp/program.c", "-o", "program"]

    def run_command(self, mode: Mode) -> list[str]:
        return ["./program"]

    def environment(self, mode: Mode) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin"}

    def probes(self, tests: str) -> list[Probe]:
        return []


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


INCLUDES_ITSELF = "#include __FILE__\n"
CASES = {
    "right": ("int main(void) { return 0; }", ("passed", "OK")),
    "wrong": ("int main(void) { return 1; }", ("failed", "Exception")),
    "aborts": ("#include <stdlib.h>\nint main(void) { abort(); }", ("crashed", "Exception")),
    "does not parse": ("int main(void) { return 0 }", ("syntax_error", "SyntaxError")),
    "includes itself": (INCLUDES_ITSELF, ("syntax_error", "SyntaxError")),
    "a secret file": ('#include "/etc/shadow"\nint main(void) { return 0; }', ("syntax_error", "SyntaxError")),
    "endless": ("int main(void) { for (;;); }", ("timed_out", "Timeout")),
    "floods": (
        "#include <stdio.h>\nint main(void) { for (;;) puts(__FILE__); }",
        ("output_limit", "Timeout"),
    ),
    "the compiler floods": (
        "int main(void) { return 0; }\n" + "#warning noise of a kilobyte " + "x" * 1000 + "\n" + "#warning y\n" * 9000,
        ("output_limit", "SyntaxError"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_step_decides_by_its_own_rules(sandbox: Sandbox, name: str) -> None:
    program, wanted = CASES[name]
    _, *found = judge(C(), program.encode(), "parity", sandbox.run)
    assert tuple(found) == wanted


def test_the_header_has_the_limits_of_each_step() -> None:
    limits = C().prepare(b"", "parity").limits
    assert {name: bounds.wall_seconds for name, bounds in limits.items()} == {"compile": 15.0, "run": 1.0}


def test_the_working_directory_holds_what_was_compiled_and_not_the_program(sandbox: Sandbox) -> None:
    program = '#include <stdlib.h>\nint main(void) { return system("test \\"$(echo *)\\" = program") != 0; }'
    _, outcome, message = judge(C(), program.encode(), "parity", sandbox.run)
    assert (outcome, message) == ("passed", "OK")
