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
TRACE = b"stack traceback:"


class Lua(Script):
    """`lua F`. [H] multiple_metrics/eval_lua.py.

    The tests load luaunit, which then refuses `os.exit` inside a suite. A program that left before it was loaded, with
    code 0, is OK there; mode "corrected" also wants to see that the suite succeeded.
    """

    tools = {"lua": ["lua", "-v"]}  # noqa: RUF012
    interpreter = "lua"
    file_name = "program.lua"

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """Exit code 0 is OK; all other ends are Exception there, those of programs that Lua cannot parse included."""
        if stopped := self.stopped(completed):
            return stopped
        if completed.exit_code == 0:
            left_early = mode == "corrected" and not completed.stdout.endswith(SUCCEEDED)
            return ("failed", "Exception") if left_early else ("passed", "OK")
        outcome, message = self.broken(completed)
        return ("syntax_error" if outcome == "failed" and self._is_malformed(completed) else outcome), message

    def _is_malformed(self, completed: Completed) -> bool:
        """Whether Lua said `lua: FILE:LINE: …` without a trace, as it does only of a file that it cannot load."""
        place = f"/{self.file_name}:".encode()
        first, _, rest = completed.stderr.partition(b"\n")
        return first.startswith(b"lua: ") and place in first and TRACE not in rest

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless, with luaunit where the tests need it."""
        head = "local function answer()\n    return "
        tail = "\nend\n" + (_UNIT_TESTS if "luaunit" in tests else "assert(answer() == 42)\nprint('OK')\n")
        return [
            Probe(name="right answer", program=f"{head}42{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}41{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}({tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"while true do end\n{head}42{tail}", wanted="timed_out"),
        ]


_UNIT_TESTS = """lu = require('luaunit')
function test_answer()
    lu.assertEquals(answer(), 42)
end
os.exit(lu.LuaUnit.run())
"""
