"""Go as the harness runs multiple-go. Mode "corrected" is the same as "parity": no defect changes a verdict wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.execute.jobs import one_step
from podium.execute.languages import Probe, met_limit
from podium.execute.languages.plain_subprocess import limits_of
from podium.execute.languages.safe_subprocess import SafeSubprocess

if TYPE_CHECKING:
    from podium.execute.jobs import Completed, Job
    from podium.execute.languages import Mode
    from podium.records import Outcome

LIMITS = limits_of(30.0)
FILE_NAME = "tmp/program_test.go"
NOT_BUILT = (b"[setup failed]", b"[build failed]")


class Go(SafeSubprocess):
    """`go test F` in 30 s, compiler, vet and tests together. [H] multiple_metrics/eval_go.py.

    The build cache begins empty, so nothing of one program reaches another. Where the standard library is not compiled
    beforehand, as since Go 1.20, every program pays for that.
    """

    tools = {"go": ["go", "version"]}  # noqa: RUF012

    def prepare(self, program: bytes, mode: Mode) -> Job:
        """The file lies with the temporary ones, as in the harness, and the folder is empty."""
        return one_step(["go", "test", FILE_NAME], files={FILE_NAME: program}, limits=LIMITS, drops_output=True)

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """The status is read from stdout alone; OK passes with exit code 0."""
        if stopped := self.stopped(completed):
            return stopped
        if any(text in completed.stdout for text in NOT_BUILT):
            return met_limit(completed) or "syntax_error", "SyntaxError"
        status = "Exception" if b"FAIL" in completed.stdout else "OK"
        if status == "OK" and completed.exit_code == 0:
            return "passed", status
        return self.broken(completed)[0], status

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless, and that vet decides."""
        head = 'package answer_test\n\nimport (\n    "testing"\n    "fmt"\n)\n\nfunc answer() int {\n    '
        tail = (
            '\n}\nfunc TestAnswer(t *testing.T) {\n  if fmt.Sprint(answer()) != "42" {\n    t.Errorf("wrong")\n  }\n}\n'
        )
        return [
            Probe(name="right answer", program=f"{head}return 42{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}return 41{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}return ({tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"{head}for {{\n    }}{tail}", wanted="timed_out"),
            Probe(name="vet", program=f'{head}fmt.Printf("%d", "x")\n    return 42{tail}', wanted="syntax_error"),
        ]
