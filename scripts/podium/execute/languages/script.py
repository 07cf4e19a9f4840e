"""Languages that are one interpreter and one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.execute.jobs import one_step
from podium.execute.languages.safe_subprocess import LIMITS, SafeSubprocess

if TYPE_CHECKING:
    from podium.execute.jobs import Job
    from podium.execute.languages import Mode
    from podium.records import Limits


class Script(SafeSubprocess):
    """A language that is one interpreter and one file. Subclasses say which, and read the status."""

    interpreter: str
    file_name: str
    limits: Limits = LIMITS
    drops_output: bool = False

    def prepare(self, program: bytes, mode: Mode) -> Job:
        """Interpreter and file; as in the harness the file lies with the temporary ones and the folder is empty."""
        name = f"tmp/{self.file_name}"
        return one_step(
            [self.interpreter, name], files={name: program}, limits=self.limits, drops_output=self.drops_output
        )
