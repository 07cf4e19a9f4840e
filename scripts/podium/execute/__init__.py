"""Stage execute: generations in, verdicts out. Every distinct program runs once, in the sandbox, several at a time.

Reads generations and task data. Writes verdicts/<task>.jsonl; killed at any moment, a rerun continues there.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import msgspec

from podium.errors import UsageError
from podium.execute.journal import Journal
from podium.execute.languages import language_named
from podium.execute.pool import Pool
from podium.execute.programs import build_programs
from podium.execute.selftest import read_versions, self_test
from podium.records import VerdictsHeader

if TYPE_CHECKING:
    from pathlib import Path

    from podium.execute.languages import Language
    from podium.execute.programs import Program
    from podium.execute.sandbox import Runner
    from podium.progress import Report
    from podium.tasks import Task

__all__ = ["ExecuteOptions", "execute"]

REVISION = 1  # raise when the same programs would get other verdicts
# A program that hangs takes a slot, not a core.
SLOTS_A_CORE = 2


class ExecuteOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to execute: whose semantics, and how many programs at once (None: twice the cores)."""

    mode: Literal["parity", "corrected"] = "parity"
    workers: int | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            message = f"{self.workers} workers cannot run anything"
            raise UsageError(message, hint="pass --workers 1 or more, or leave it out")


def execute(
    options: ExecuteOptions,
    task: Task,
    generations: list[list[str]],
    generations_sha256: str,
    sandbox: Runner,
    output: Path,
    report: Report,
) -> VerdictsHeader:
    """Give every generation a verdict.

    Raises IncompleteError where generations are missing, SandboxError for any fault that is not the programs', and
    StorageError. A verdict "timed out" is given only after a second run with nothing beside it.
    """
    programs = build_programs(task, generations)
    language = language_named(task.language)
    header = _describe(options, task, programs, generations_sha256, language, sandbox)
    journal = Journal(output, header, programs, report)
    if missing := journal.missing():
        checks = self_test(language, options.mode, task.problems[0].tests, sandbox)
        workers = options.workers or SLOTS_A_CORE * (os.cpu_count() or 1)
        report.start(f"execute {task.name}", len(missing), "programs")
        with journal.begin(checks) as log:
            summary = Pool(language, options.mode, sandbox, log, report).run(missing, journal.verdicts, workers)
        report.finish(summary)
    else:
        report.note(f"execute {task.name}: nothing to do, {output} is complete")
    return journal.finish()


def _describe(
    options: ExecuteOptions,
    task: Task,
    programs: list[Program],
    generations_sha256: str,
    language: Language,
    sandbox: Runner,
) -> VerdictsHeader:
    limits = language.limits(options.mode)
    return VerdictsHeader(
        task=task.name,
        language=task.language,
        mode=options.mode,
        generations_sha256=generations_sha256,
        data_sha256=task.data_sha256,
        problems=[problem.id for problem in task.problems],
        n_samples=len(programs) // len(task.problems),
        limits=limits,
        sandbox=sandbox.facts(),
        toolchain=read_versions(language, limits, sandbox),
        self_test=[],
    )
