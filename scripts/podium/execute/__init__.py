"""Stage execute: generations in, verdicts out. Every distinct program runs once, in the sandbox, several at a time.

Reads generations and task data. Writes verdicts/<task>.jsonl; killed at any moment, a rerun continues there.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import msgspec

from podium.errors import SandboxError, UsageError
from podium.execute.journal import Journal
from podium.execute.languages import language_named
from podium.execute.pool import Pool, Workers
from podium.execute.programs import build_programs
from podium.execute.provisions import provisions_named
from podium.execute.provisions.checks import look
from podium.execute.provisions.machine import describe_root
from podium.execute.selftest import AFTERWARDS, read_versions, self_test
from podium.execute.slots import IdleCores
from podium.records import VerdictsHeader

if TYPE_CHECKING:
    from pathlib import Path

    from podium.execute.languages import Mode
    from podium.execute.programs import Program
    from podium.execute.sandbox import Runner
    from podium.progress import Progress
    from podium.records import Check
    from podium.tasks import Task

__all__ = ["ExecuteOptions", "execute", "execute_programs"]

REVISION = 2  # raise when the same programs would get other verdicts
# A program that hangs takes a slot, not a core: so many at most while cores are idle.
SLOTS_A_CORE = 16


class ExecuteOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to execute: whose semantics, and how many programs at once (None: chosen by the machine)."""

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
    report: Progress,
) -> VerdictsHeader:
    """Give every generation a verdict.

    Raises IncompleteError where generations are missing, SandboxError for any fault that is not the programs', and
    StorageError. A verdict "timed out" is given to programs that were busy all the time, to others after a second run.
    """
    programs = build_programs(task, generations)
    n_samples = len(programs) // len(task.problems)
    return execute_programs(options, task, programs, n_samples, generations_sha256, sandbox, output, report)


def execute_programs(
    options: ExecuteOptions,
    task: Task,
    programs: list[Program],
    n_samples: int,
    generations_sha256: str,
    sandbox: Runner,
    output: Path,
    report: Progress,
) -> VerdictsHeader:
    """Give some or all programs of a task their verdicts; a file that was made for fewer of them is continued.

    Raises SandboxError, RecordError and StorageError.
    """
    header = _describe(options, task, n_samples, generations_sha256, sandbox)
    journal = Journal(output, header, programs, report)
    missing = journal.missing()
    if not missing and journal.is_vouched_for:
        report.note(f"execute {task.name}: nothing to do, {output} is complete")
        return journal.finish([])
    checks = self_test(task, options.mode, sandbox)
    report.start(f"execute {task.name}", len(missing), "programs")
    with journal.begin(checks) as log:
        summary = Pool(task, options.mode, sandbox, log, report).run(missing, journal.verdicts, _workers(options))
    report.finish(str(summary))
    return journal.finish(_test_afterwards(task, options.mode, sandbox, journal))


def _workers(options: ExecuteOptions) -> Workers:
    cores = len(os.sched_getaffinity(0))
    if options.workers is not None:
        return Workers(least=options.workers, most=options.workers, idle_cores=lambda: 0.0)
    return Workers(least=cores, most=SLOTS_A_CORE * cores, idle_cores=IdleCores())


def _test_afterwards(task: Task, mode: Mode, sandbox: Runner, journal: Journal) -> list[Check]:
    """Test the machine again: verdicts of one that broke on the way are worth nothing."""
    try:
        return self_test(task, mode, sandbox, AFTERWARDS)
    except SandboxError as err:
        message = f"{err}; the verdicts were set aside as {journal.reject()}"
        raise SandboxError(message, hint=err.hint) from err


def _describe(
    options: ExecuteOptions,
    task: Task,
    n_samples: int,
    generations_sha256: str,
    sandbox: Runner,
) -> VerdictsHeader:
    language = language_named(task.language)
    isolation = sandbox.facts()
    provided = look(provisions_named(task.provisions_name), sandbox)
    versions = read_versions(language, options.mode, sandbox, task.provisions_name)
    return VerdictsHeader(
        task=task.name,
        language=task.language,
        mode=options.mode,
        generations_sha256=generations_sha256,
        data_sha256=task.data_sha256,
        problems=[problem.id for problem in task.problems],
        n_samples=n_samples,
        limits=language.prepare(b"", options.mode).limits,
        sandbox=isolation,
        packages=provided.packages,
        toolchain=provided.toolchain | versions,
        root=describe_root(sandbox.root_of(task.provisions_name)),
        differences=provided.differences,
        self_test=[],
    )
