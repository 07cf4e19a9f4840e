"""Java as the harness runs multiple-java; mode "corrected" gives programs javatuples at run time as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.execute.languages import Probe
from podium.execute.languages.compiled import Compiled
from podium.execute.languages.safe_subprocess import LIMITS

if TYPE_CHECKING:
    from podium.execute.jobs import Completed
    from podium.execute.languages import Mode
    from podium.records import Outcome

# Every prompt imports org.javatuples. The harness has the jar in CLASSPATH, which `java -cp` replaces: there a class
# with a Pair in its methods' signatures compiles and cannot be started.
JAVATUPLES = "/usr/share/java/javatuples.jar"

# A virtual machine takes a quarter of the machine's memory for its heap, which may be more than a program may hold: it
# would be ended instead of collecting its garbage. So it is told of a machine where that is 3 GiB, the same everywhere.
# (Told of its heap instead, it would not start where addresses are limited.)
MACHINE = "-XX:MaxRAM=12g"
# What a full heap says; the compiler then ends with a code of its own, and may else quote these words from the program.
HEAP_IS_FULL = b"java.lang.OutOfMemoryError"
COMPILER_BROKE = 3
# What it says when it cannot have the memory that it starts with.
NOT_STARTED = (
    b"Error occurred during initialization of VM",
    b"Could not create the Java Virtual Machine",
    b"insufficient memory for the Java Runtime Environment",
)
# It starts threads by the number of cores, and so do parallel streams.
JAVA_LIMITS = msgspec.structs.replace(LIMITS, processes=1024)


class Java(Compiled):
    """`javac -encoding UTF8 -d D F`, then `java -ea -cp D Problem`. [H] multiple_metrics/eval_java.py."""

    tools = {"javac": ["javac", "--version"], "java": ["java", "--version"]}  # noqa: RUF012
    file_name = "program.java"
    compile_limits = run_limits = JAVA_LIMITS

    def compile_command(self, mode: Mode) -> list[str]:
        """Into the working directory."""
        return ["javac", f"-J{MACHINE}", "-encoding", "UTF8", "-d", ".", "tmp/program.java"]

    def run_command(self, mode: Mode) -> list[str]:
        """With assertions, which the tests are made of."""
        folders = "." if mode == "parity" else f".:{JAVATUPLES}"
        return ["java", MACHINE, "-ea", "-cp", folders, "Problem"]

    def environment(self, mode: Mode) -> dict[str, str]:
        """What the compiler finds javatuples by."""
        return {"CLASSPATH": JAVATUPLES}

    def broken(self, completed: Completed) -> tuple[Outcome, str]:
        """A heap that was full is a limit of ours."""
        outcome, message = super().broken(completed)
        return ("out_of_memory" if outcome in ("failed", "crashed") and _lacked_memory(completed) else outcome), message

    def not_compiled(self, completed: Completed) -> tuple[Outcome, str]:
        """The same for the compiler's heap."""
        outcome, message = super().not_compiled(completed)
        return ("out_of_memory" if outcome == "syntax_error" and _lacked_memory(completed) else outcome), message

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless, with javatuples inside a method, where both modes have it or not."""
        head = (
            "import java.util.*;\nimport org.javatuples.*;\nclass Problem {\n"
            "    public static ArrayList<Pair<Long, Long>> answers() {\n        return new ArrayList<>();\n    }\n"
            "    public static long answer() {\n        "
        )
        tail = (
            ";\n    }\n    public static void main(String[] args) {\n"
            "        assert(answer() == 42 && answers().isEmpty());\n    }\n}\n"
        )
        return [
            Probe(name="right answer", program=f"{head}return 42{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}return 41{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}return (42{tail}", wanted="syntax_error"),
            Probe(
                name="endless loop", program=f"{head}for (int i = 0; i < 2;) {{}}\n return 42{tail}", wanted="timed_out"
            ),
        ]


def did_not_start(completed: Completed) -> bool:
    """Whether a virtual machine said that it cannot have the memory that it starts with."""
    return any(text in stream for text in NOT_STARTED for stream in (completed.stdout, completed.stderr))


def _lacked_memory(completed: Completed) -> bool:
    is_full = HEAP_IS_FULL in completed.stdout + completed.stderr
    return did_not_start(completed) or (is_full and (completed.step == "run" or completed.exit_code == COMPILER_BROKE))
