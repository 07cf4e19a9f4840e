"""C++ as the harness runs multiple-cpp. Mode "corrected" is the same: no defect is known to change a verdict."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from podium.execute.languages import Probe
from podium.execute.languages.compiled import BINARY, Compiled

if TYPE_CHECKING:
    from podium.execute.jobs import Completed
    from podium.execute.languages import Mode
    from podium.records import Outcome


class Cpp(Compiled):
    """`g++ F -o B -std=c++17`, then `B`, 15 s each. [H] multiple_metrics/eval_cpp.py."""

    tools = {"g++": ["g++", "--version"]}  # noqa: RUF012
    file_name = "program.cpp"

    def compile_command(self, mode: Mode) -> list[str]:
        """The harness's own."""
        return ["g++", f"tmp/{self.file_name}", "-o", BINARY, "-std=c++17"]

    def broken(self, completed: Completed) -> tuple[Outcome, str]:
        """A failed assertion and an exception that nobody catches end by SIGABRT: ordinary failures, no crashes."""
        outcome, message = super().broken(completed)
        return "failed" if outcome == "crashed" and completed.signal == signal.SIGABRT else outcome, message

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless, and that an exception ends a program."""
        head, tail = "#include<assert.h>\n#include<bits/stdc++.h>\nlong answer() {\n", "\n}\nint main() {\n"
        tail += "    auto candidate = answer;\n    assert(candidate() == 42);\n}\n"
        thrown = 'throw std::out_of_range("told");'
        return [
            Probe(name="right answer", program=f"{head}    return 42;{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}    return 41;{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}    return (;{tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"{head}    for (;;) {{ }}{tail}", wanted="timed_out"),
            Probe(name="exception", program=f"{head}    {thrown}{tail}", wanted="failed"),
        ]
