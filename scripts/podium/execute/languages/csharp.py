"""C# as the harness runs multiple-cs; mode "corrected" compares what the tests compare by reference by value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from podium.execute.languages import Probe, met_limit
from podium.execute.languages.compiled import Compiled
from podium.execute.languages.plain_subprocess import limits_of

if TYPE_CHECKING:
    from podium.execute.jobs import Completed, Job
    from podium.execute.languages import Mode
    from podium.records import Outcome

# The harness does not limit its compiler, and reads all that is printed: these bounds only protect the machine.
COMPILE_LIMITS, RUN_LIMITS = limits_of(60.0), limits_of(5.0)
# A failed assertion, and any exception, end a program with 0 or 1 alike: these texts on stderr tell.
FAILED = (b"System.Diagnostics.DefaultTraceListener.Fail", b"Unhandled Exception")
MAIN = b"public static void Main(string[] args)"
# What the tests say -> what they mean: `Equals` of a list or dictionary is true of that object alone, and nothing can
# be called on null.
MEANT = (
    (re.compile(rb"^( *Debug\.Assert\(.*)\.Equals\((\(new List<.*\))\);$", re.MULTILINE), rb"\1.SequenceEqual(\2);"),
    (
        re.compile(rb"^( *Debug\.Assert\(.*)\.Equals\((\(new Dictionary<.*\))\)\);$", re.MULTILINE),
        rb"\1.OrderBy(pair_ => pair_.Key).SequenceEqual(\2.OrderBy(pair_ => pair_.Key)));",
    ),
    (re.compile(rb"^( *Debug\.Assert\(.*)\.Equals\(null\)\);$", re.MULTILINE), rb"\1 == null);"),
)


class CSharp(Compiled):
    """`csc /d:DEBUG -r:System.Numerics.dll F /out:B`, then `mono B`. [H] multiple_metrics/eval_cs.py.

    Debian has Mono's own compiler, mcs, in csc's place: it knows C# to about version 7. The harness dies of a program
    that ends in time and has printed what is not UTF-8; here it is read like any other.
    """

    tools = {"mcs": ["mcs", "--version"], "mono": ["mono", "--version"]}  # noqa: RUF012
    file_name = "program.cs"
    compile_limits, run_limits = COMPILE_LIMITS, RUN_LIMITS

    def prepare(self, program: bytes, mode: Mode) -> Job:
        """In mode "corrected" the tests are what they mean to be."""
        return super().prepare(program if mode == "parity" else meant(program), mode)

    def compile_command(self, mode: Mode) -> list[str]:
        """The harness's own but for the compiler's name."""
        return ["mcs", "/d:DEBUG", "-r:System.Numerics.dll", "tmp/program.cs", "/out:../tmp/program.exe"]

    def run_command(self, mode: Mode) -> list[str]:
        """The harness's own."""
        return ["mono", "../tmp/program.exe"]

    def environment(self, mode: Mode) -> dict[str, str]:
        """Where failed assertions are told."""
        return {"MONO_TRACE_LISTENER": "Console.Error"}

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """A pass needs exit code 0 and none of the texts; only those make an Exception of it, whatever the code."""
        if completed.step == "compile":
            return self.not_compiled(completed)
        if stopped := self.stopped(completed):
            return stopped
        outcome, message = self.broken(completed)
        if not any(text in completed.stderr for text in FAILED):
            message = "OK"
            outcome = "passed" if completed.exit_code == 0 else outcome
        return outcome, message

    def not_compiled(self, completed: Completed) -> tuple[Outcome, str]:
        """As for any compiler; mcs is itself a program of Mono's and says so when it cannot have memory."""
        outcome, message = super().not_compiled(completed)
        lacked = b"OutOfMemoryException" in completed.stderr and b"Unhandled Exception" in completed.stderr
        return ("out_of_memory" if outcome == "syntax_error" and lacked else outcome), message

    def broken(self, completed: Completed) -> tuple[Outcome, str]:
        """With exit code 0 too; the outcome "crashed" is for signals."""
        outcome: Outcome = "failed" if completed.signal is None else "crashed"
        return met_limit(completed) or outcome, "Exception"

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless."""
        head = (
            "using System;\nusing System.Numerics;\nusing System.Diagnostics;\nusing System.Collections.Generic;\n"
            "using System.Linq;\nclass Problem {\n    public static List<long> Answer() {\n        "
        )
        tail = (
            "\n    }\n    public static void Main(string[] args) {\n"
            "    Debug.Assert(Answer().Sum() == (long)new BigInteger(42));\n    }\n}\n"
        )
        return [
            Probe(name="right answer", program=f"{head}return new List<long> {{ 42L }};{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}return new List<long> {{ 41L }};{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}return new List<long> {{ 42L ;{tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"{head}for (;;) {{ }}{tail}", wanted="timed_out"),
        ]


def meant(program: bytes) -> bytes:
    """A program whose tests, the lines after its last Main, compare by value."""
    before, main, tests = program.rpartition(MAIN)
    for pattern, replacement in MEANT:
        tests = pattern.sub(replacement, tests)
    return before + main + tests
