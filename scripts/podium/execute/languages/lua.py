"""Lua as the harness runs multiple-lua."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.execute.languages import Probe
from podium.execute.languages.script import Script

if TYPE_CHECKING:
    from podium.execute.jobs import Completed
    from podium.execute.languages import Mode
    from podium.records import Outcome

# The last line of a suite that succeeded.
SUCCEEDED = b"OK\n"


class Lua(Script):
    """`lua F`. [H] multiple_metrics/eval_lua.py.

    The tests load luaunit, which then refuses `os.exit` inside a suite. A program that left before it was loaded, with
    code 0, is OK there; mode "corrected" also wants to see that the suite succeeded.
    """

    tools = {"lua": ["lua", "-v"]}  # noqa: RUF012
    interpreter = "lua"
    file_name = "program.lua"

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """Exit code 0 is OK; there is no status for syntax errors, which only mode "corrected" tells apart."""
        if stopped := self.stopped(completed):
            return stopped
        if completed.exit_code == 0:
            left_early = mode == "corrected" and not completed.stdout.endswith(SUCCEEDED)
            return ("failed", "Exception") if left_early else ("passed", "OK")
        return self.broken(completed)

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless, with luaunit where the tests need it."""
        head = "local function answer()\n    return "
        tail = "\nend\n" + (_UNIT_TESTS if "luaunit" in tests else "assert(answer() == 42)\nprint('OK')\n")
        return [
            Probe(name="right answer", program=f"{head}42{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}41{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}({tail}", wanted="failed"),
            Probe(name="endless loop", program=f"while true do end\n{head}42{tail}", wanted="timed_out"),
        ]


_UNIT_TESTS = """lu = require('luaunit')
function test_answer()
    lu.assertEquals(answer(), 42)
end
os.exit(lu.LuaUnit.run())
"""
