"""Languages whose programs are compiled first, with limits of its own for each step."""

from __future__ import annotations

import signal
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from podium.execute.jobs import Job, JobStep
from podium.execute.languages import asked_for_withheld, met_limit
from podium.execute.languages.safe_subprocess import LIMITS, SafeSubprocess

if TYPE_CHECKING:
    from podium.execute.jobs import Completed, StepName
    from podium.execute.languages import Mode
    from podium.records import Limits, Outcome

# As in the harness, what was compiled lies with the program, beside the empty working directory.
BINARY = "../tmp/program"
# A compiler or linker that could not write its file takes it away again, so at the end the box is not full: only what
# it says tells. A program that makes it say so in an #error gains another name for its failure, no pass.
NO_ROOM = (b"No space left on device", b"File size limit exceeded", b"File too large")


def limit_of_compiler(completed: Completed) -> Outcome | None:
    """The limit of ours, unknown to the harness, that a compiler met which failed."""
    if limit := met_limit(completed):
        return limit
    no_room = completed.signal == signal.SIGXFSZ or any(text in completed.stderr for text in NO_ROOM)
    return "file_limit" if no_room else None


class Compiled(SafeSubprocess, ABC):
    """A language with a compiler. Subclasses name the commands and may give each step limits of its own.

    The program lies as `file_name` with the temporary files, and commands name it `tmp/<file_name>`; the working
    directory is empty.
    """

    file_name: str
    compile_limits: Limits = LIMITS
    run_limits: Limits = LIMITS
    drops_output: bool = False

    @abstractmethod
    def compile_command(self, mode: Mode) -> list[str]:
        """What compiles the program."""

    def run_command(self, mode: Mode) -> list[str]:
        """What runs what was compiled."""
        return [BINARY]

    def environment(self, mode: Mode) -> dict[str, str]:
        """Variables for both steps, beside those that all programs have."""
        return {}

    def prepare(self, program: bytes, mode: Mode) -> Job:
        """Compile, then run."""
        steps: list[tuple[StepName, list[str], Limits]] = [
            ("compile", self.compile_command(mode), self.compile_limits),
            ("run", self.run_command(mode), self.run_limits),
        ]
        return Job(
            steps=[
                JobStep(name=name, command=command, limits=limits, drops_output=self.drops_output)
                for name, command, limits in steps
            ],
            files={f"tmp/{self.file_name}": program},
            environment=self.environment(mode),
        )

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """A program that does not compile is a SyntaxError there, also when its compiler ran out of time."""
        if completed.step == "compile":
            return self.not_compiled(completed)
        if stopped := self.stopped(completed):
            return stopped
        return ("passed", "OK") if completed.exit_code == 0 else self.broken(completed)

    def not_compiled(self, completed: Completed) -> tuple[Outcome, str]:
        """The outcome of a program that was not compiled; a limit of ours that stopped the compiler is named."""
        if withheld := asked_for_withheld(completed):
            return withheld
        if completed.output_exceeded:
            return "output_limit", "SyntaxError"
        ended: Outcome = "timed_out" if completed.timed_out else "syntax_error"
        return limit_of_compiler(completed) or ended, "SyntaxError"
