"""Lua: the cases, what the status rules read, and what lies in the way of a program that leaves early."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.execute.languages.cases import MODES, check_collection, need_toolchain, outcome_of
from tests.unit.execute.languages.odd import completed, judged
from tests.unit.execute.languages.runs import runs_of

from podium.execute.jobs import one_step
from podium.execute.languages import language_named
from podium.execute.languages.safe_subprocess import LIMITS
from podium.execute.sandbox import Sandbox
from podium.execute.selftest import try_probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.execute.languages.cases import Case

    from podium.execute.jobs import Completed
    from podium.execute.languages import Mode, Probe


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    need_toolchain("lua")
    with Sandbox() as made:
        yield made


def test_the_cases_cover_every_way_to_fail() -> None:
    check_collection("lua")


@pytest.mark.world
@pytest.mark.parametrize(("case", "mode"), runs_of("lua"))
def test_a_case_has_its_outcome(sandbox: Sandbox, case: Case, mode: Mode) -> None:
    outcome, message = outcome_of(case, mode, sandbox)
    assert outcome == case.wanted[mode], message


MALFORMED = b"lua: /box/tmp/program.lua:3: 'end' expected near <eof>\n"
RAISED = b"lua: /box/tmp/program.lua:3: told\nstack traceback:\n\t[C]: in function 'error'\n"
RULES = [
    (completed(stdout=b"no OK"), "parity", ("passed", "OK")),
    (completed(stdout=b"no OK"), "corrected", ("failed", "Exception")),
    (completed(stdout=b"Ran 1 tests\nOK\n"), "corrected", ("passed", "OK")),
    (completed(exit_code=1, stdout=b"OK\n"), "corrected", ("failed", "Exception")),
    (completed(exit_code=1, stderr=MALFORMED), "parity", ("syntax_error", "Exception")),
    (completed(exit_code=1, stderr=RAISED), "parity", ("failed", "Exception")),
    (completed(exit_code=1, stderr=b"lua: told"), "parity", ("failed", "Exception")),
    (completed(exit_code=1, stderr=b"note: program.lua:3"), "parity", ("failed", "Exception")),
    (completed(exit_code=1, stderr=MALFORMED, memory_exceeded=True), "parity", ("out_of_memory", "Exception")),
    (completed(exit_code=None, signal=9, timed_out=True), "parity", ("timed_out", "Timeout")),
    (completed(exit_code=None, signal=9, output_exceeded=True), "parity", ("output_limit", "Timeout")),
    (completed(exit_code=None, signal=11), "parity", ("crashed", "Exception")),
]


@pytest.mark.parametrize(("saw", "mode", "wanted"), RULES)
def test_status_rules(saw: Completed, mode: Mode, wanted: tuple[str, str]) -> None:
    assert language_named("lua").read(saw, mode) == wanted


@pytest.mark.world
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("probe", language_named("lua").probes("require('luaunit')"), ids=lambda probe: probe.name)
def test_the_self_test_holds(sandbox: Sandbox, probe: Probe, mode: Mode) -> None:
    check = try_probe(probe, language_named("lua"), mode, sandbox, "lua")
    assert check.ok, check


SUITE = "\nlu = require('luaunit')\nfunction test_x() lu.assertTrue(x ~= 2) end\nos.exit(lu.LuaUnit.run())"
ODD = {
    "a NUL byte in a text": ("x = 'a\0b'" + SUITE, ("passed", "OK")),
    "a NUL byte between words": ("x = 1 \0" + SUITE, ("syntax_error", "Exception")),
    "a lone surrogate": ("-- \ud800" + SUITE, ("passed", "OK")),
    "10 MB of comment": ("--" + "x" * 10_000_000 + SUITE, ("passed", "OK")),
    "prints 70 kB": ("print(string.rep('x', 70000))" + SUITE, ("passed", "OK")),
    "prints 1 GB": ("for _ = 1, 1e7 do print(string.rep('x', 99)) end" + SUITE, ("output_limit", "Timeout")),
    "calls a command of the list": ("x = os.execute('expr 1 = 1 >/dev/null') and 1" + SUITE, ("passed", "OK")),
    "ends by a signal": ("os.execute('kill -9 $PPID')" + SUITE, ("crashed", "Exception")),
}


@pytest.mark.world
@pytest.mark.parametrize("name", ODD)
def test_odd_program(sandbox: Sandbox, name: str) -> None:
    program, wanted = ODD[name]
    assert judged(sandbox, "lua", program) == wanted


@pytest.mark.world
def test_programs_find_luaunit_and_no_other_module_of_this_machine(sandbox: Sandbox) -> None:
    look = "for path in /usr/share/lua /usr/local/share/lua /usr/lib/*/lua; do find $path -type f 2>/dev/null; done"
    done = sandbox.run(one_step(["bash", "-c", look], files={}, limits=LIMITS, provisions="lua"))
    assert done.stdout.decode().split() == ["/usr/share/lua/5.3/luaunit.lua"]
