"""verdicts/<task>.jsonl: what running programs showed, and inside what."""

from __future__ import annotations

from typing import ClassVar, Literal

from podium.records.check import Check
from podium.records.values import Count, Outcome, Part, Positive, ProblemId, Record, Seconds, Sha256


class SandboxFacts(Part, frozen=True, kw_only=True):
    """Which layers of isolation held while programs ran."""

    isolated: bool
    layers: list[str]
    missing: list[str]


class Limits(Part, frozen=True, kw_only=True):
    """Bounds for one program. `wall_seconds` is the verdict's limit, the others only protect the machine.

    `cpu_seconds` are those of one process on each core that it may use.
    """

    wall_seconds: Seconds
    cpu_seconds: Seconds
    memory_bytes: Positive
    output_bytes: Positive
    file_bytes: Positive
    processes: Positive


class VerdictsHeader(Record, frozen=True, kw_only=True, tag="verdicts"):
    """First line of verdicts/<task>.jsonl: what was run, under which limits by step, with which tools, inside what.

    `packages` are those that Python programs could import, `toolchain` everything else outside the program, each with
    its version or, where that is no number, what it is. `root` is the root file system they came from, empty for this
    machine's own. `differences` are sentences: what is otherwise in the board's own image.
    """

    ADDED: ClassVar[tuple[str, ...]] = ("packages", "root", "differences")
    RENEW: ClassVar[str] = "run podium execute (or podium run) again: it moves this file aside and judges anew"

    task: str
    language: str
    mode: Literal["parity", "corrected"]
    generations_sha256: Sha256
    data_sha256: Sha256
    problems: list[ProblemId]
    n_samples: Positive
    limits: dict[str, Limits]
    sandbox: SandboxFacts
    packages: dict[str, str]
    toolchain: dict[str, str]
    root: str
    differences: list[str]
    self_test: list[Check]


class Verdict(Part, frozen=True, kw_only=True):
    """What running one program showed. Times in seconds; `message` is the harness's result text or the status."""

    problem: ProblemId
    index: Count
    outcome: Outcome
    message: str
    wall_seconds: Seconds
    cpu_seconds: Seconds
    program_sha256: Sha256
