"""Side task crosscheck: the official harness judges the same generations; agreement a task, every difference listed.

Reads verdicts/ and generations of a run, task data and a checkout of the harness. Writes crosscheck.json.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.crosscheck.harness import Harness, find_harness, judge
from podium.errors import IncompleteError, RecordError
from podium.execute.programs import build_programs
from podium.files import read_bytes, sha256_bytes
from podium.generations import read_generations
from podium.records import Agreement, Difference, TaskAgreement, Verdict, VerdictsHeader, read_rows

if TYPE_CHECKING:
    from pathlib import Path

    from podium.execute.sandbox import Runner
    from podium.progress import Progress
    from podium.records import SandboxFacts
    from podium.tasks import Task

__all__ = ["Harness", "TaskFiles", "agreement_of", "crosscheck_task", "find_harness"]

CHUNK = 200  # programs judged in one fresh directory: what the harness leaves behind stays small
TEXT_CHARACTERS = 400


class TaskFiles(msgspec.Struct, frozen=True, kw_only=True):
    """One task of a run with what was generated and how we judged it."""

    task: Task
    generations: Path
    verdicts: Path


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    verdict: Verdict
    generation: str
    tests: str


def agreement_of(harness: Harness, sandbox: SandboxFacts, tasks: list[TaskAgreement]) -> Agreement:
    """The record of a cross-check."""
    return Agreement(
        harness_sha256=harness.sha256,
        harness_commit=harness.commit,
        python=harness.python,
        sandbox=sandbox,
        tasks=tasks,
    )


def crosscheck_task(
    files: TaskFiles, harness: Harness, workers: int, sandbox: Runner, report: Progress
) -> TaskAgreement:
    """Let the harness judge every distinct program of a task, those that differ once more alone.

    Raises RecordError and IncompleteError where verdicts and generations do not belong together, SandboxError where
    the harness gives no answer.
    """
    rows, generations_sha256 = _read(files)
    distinct = {row.verdict.program_sha256: row for row in rows}
    programs = list(distinct.values())
    report.start(f"crosscheck {files.task.name}", len(programs), "programs")
    theirs: dict[str, tuple[bool, str]] = {}
    for start in range(0, len(programs), CHUNK):
        theirs |= _ask(harness, files.task, programs[start : start + CHUNK], workers, sandbox)
        report.advance(len(programs[start : start + CHUNK]))
    doubtful = [row for row in programs if not _agrees(row.verdict, theirs[row.verdict.program_sha256])]
    for row in doubtful:
        theirs |= _ask(harness, files.task, [row], 1, sandbox)
    differences = [
        _difference(row, theirs[row.verdict.program_sha256])
        for row in rows
        if not _agrees(row.verdict, theirs[row.verdict.program_sha256])
        or not _says_the_same(row.verdict, theirs[row.verdict.program_sha256])
    ]
    agreeing = len(rows) - sum(not difference.same_verdict for difference in differences)
    report.finish(f"{agreeing} of {len(rows)} verdicts agree, {len(differences)} differ in verdict or text")
    return TaskAgreement(
        task=files.task.name,
        samples=len(rows),
        distinct=len(distinct),
        agreeing=agreeing,
        asked_again=len(doubtful),
        generations_sha256=generations_sha256,
        verdicts_sha256=sha256_bytes(read_bytes(files.verdicts)),
        differences=differences,
    )


def _read(files: TaskFiles) -> tuple[list[_Row], str]:
    """Verdicts beside their generation and tests, all of them or IncompleteError; and the generations' digest."""
    generations = read_generations(files.generations)
    header, verdicts = read_rows(files.verdicts, VerdictsHeader, Verdict)
    if header.generations_sha256 != generations.sha256:
        message = f"{files.verdicts} is not about {files.generations}"
        raise RecordError(message, hint="run podium execute again")
    programs = build_programs(files.task, generations.rows)
    by_key = {(verdict.problem, verdict.index): verdict for verdict in verdicts}
    tests = {problem.id: problem.tests for problem in files.task.problems}
    texts = {
        (problem.id, index): text
        for problem, samples in zip(files.task.problems, generations.rows, strict=True)
        for index, text in enumerate(samples)
    }
    rows = []
    for program in programs:
        verdict = by_key.get((program.problem, program.index))
        if verdict is None or verdict.program_sha256 != program.sha256:
            message = f"{files.verdicts} has no verdict of {program.problem} sample {program.index}"
            raise IncompleteError(message, hint="run podium execute again; it continues")
        text = texts[program.problem, program.index]
        rows.append(_Row(verdict=verdict, generation=text, tests=tests[program.problem]))
    return rows, generations.sha256


def _ask(harness: Harness, task: Task, rows: list[_Row], workers: int, sandbox: Runner) -> dict[str, tuple[bool, str]]:
    programs = [(row.generation, row.tests) for row in rows]
    judged = judge(harness, task.language, programs, workers, sandbox, task.provisions_name)
    return {row.verdict.program_sha256: said for row, said in zip(rows, judged, strict=True)}


def _agrees(ours: Verdict, theirs: tuple[bool, str]) -> bool:
    return (ours.outcome == "passed") == theirs[0]


def _says_the_same(ours: Verdict, theirs: tuple[bool, str]) -> bool:
    return ours.message[:TEXT_CHARACTERS] == theirs[1][:TEXT_CHARACTERS]


def _difference(row: _Row, theirs: tuple[bool, str]) -> Difference:
    return Difference(
        problem=row.verdict.problem,
        index=row.verdict.index,
        ours=f"{row.verdict.outcome}: {row.verdict.message}"[:TEXT_CHARACTERS],
        theirs=f"{'passed' if theirs[0] else 'not passed'}: {theirs[1]}"[:TEXT_CHARACTERS],
        same_verdict=_agrees(row.verdict, theirs),
        program_sha256=row.verdict.program_sha256,
    )
