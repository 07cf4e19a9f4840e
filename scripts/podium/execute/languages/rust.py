"""Rust as the harness runs multiple-rs. Mode "corrected" is the same: no defect is known to change a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.execute.languages import Probe, met_limit
from podium.execute.languages.compiled import BINARY, Compiled
from podium.execute.languages.plain_subprocess import limits_of

if TYPE_CHECKING:
    from podium.execute.jobs import Completed
    from podium.execute.languages import Mode
    from podium.records import Outcome


class Rust(Compiled):
    """`rustc F -o B` in 15 s, which means edition 2015; then `B` in 5 s. [H] multiple_metrics/eval_rust.py.

    The harness dies of a program that ends in time and has printed what is not UTF-8; here its exit code decides.
    """

    tools = {"rustc": ["rustc", "--version"]}  # noqa: RUF012
    file_name = "program.rs"
    compile_limits = limits_of(15.0)
    run_limits = limits_of(5.0)
    drops_output = True

    def compile_command(self, mode: Mode) -> list[str]:
        """The harness's own."""
        return ["rustc", f"tmp/{self.file_name}", "-o", BINARY]

    def not_compiled(self, completed: Completed) -> tuple[Outcome, str]:
        """As for any compiler, but one that runs out of time is a Timeout."""
        outcome, message = super().not_compiled(completed)
        return (met_limit(completed) or "timed_out", "Timeout") if completed.timed_out else (outcome, message)

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless, and that an overflow panics."""
        head, tail = "fn answer() -> isize {\n", "\n}\n\nfn main() {\n"
        tail += "    let candidate = answer;\n    assert_eq!(candidate(), 42);\n}\n"
        overflow = "let mut byte = 254u8; for _ in 0..44 { byte += 1; } byte as isize"
        return [
            Probe(name="right answer", program=f"{head}    42{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}    41{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}    (42{tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"{head}    loop {{ }}{tail}", wanted="timed_out"),
            Probe(name="overflow", program=f"{head}    {overflow}{tail}", wanted="failed"),
        ]
