"""Case files: completions of ours for MultiPL-E's problems, each with the outcome it must have.

A file `tests/examples/programs/<language>/<problem>.<variant>.<suffix>` holds what a model would write after the
prompt. Its first line is a comment, `podium: passed` or `podium: parity failed, corrected timed_out`; that line's end
is the completion's first character, and the end of the file's last line is none of it. Prompts and tests come from the
evaluation data beside the project, which is never committed.
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import msgspec
import pytest

from podium.cli.roots import roots_of
from podium.execute.languages import Mode, judge, language_named
from podium.execute.programs import encode_program
from podium.execute.provisions import provisions_named
from podium.execute.provisions.machine import Machine, machine_in
from podium.execute.toolchains import read_table, this_distribution
from podium.records import Outcome
from podium.tasks import load_task

if TYPE_CHECKING:
    from podium.execute.jobs import Completed, Job
    from podium.execute.sandbox import Runner
    from podium.tasks import Task

ROOT = Path(__file__).resolve().parents[4]
EXAMPLES = ROOT / "tests" / "examples" / "programs"
DATA = ROOT.parent / "shared" / "data"
FIRST_LINE = re.compile(r"[^\w\n]+podium: (.+?)[^\w\n]*\n")
MODES: tuple[Mode, ...] = get_args(Mode)
# How long a loop may turn before it counts as endless, and how long everything else may take on a loaded machine.
ENDLESS_SECONDS, PATIENT_SECONDS = 1.0, 60.0


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A completion for a problem, and the outcome it must have in each mode."""

    language: str
    problem: str
    variant: str
    completion: str
    wanted: dict[str, Outcome]

    def __str__(self) -> str:
        return f"{self.problem}.{self.variant}"


def read_case(path: Path) -> Case:
    """Read one file. Raises ValueError for a first line that says no outcome."""
    problem, variant, _ = path.name.split(".")
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    first = FIRST_LINE.match(text)
    if first is None:
        message = f"{path}: the first line must be a comment like `podium: passed`"
        raise ValueError(message)
    wanted = _read_outcomes(first[1])
    completion = text[first.end() - 1 :].removesuffix("\n")
    return Case(language=path.parent.name, problem=problem, variant=variant, completion=completion, wanted=wanted)


def read_cases(language: str) -> list[Case]:
    """All of a language, in the order of their names."""
    return [read_case(path) for path in sorted((EXAMPLES / language).iterdir())]


def _read_outcomes(text: str) -> dict[str, Outcome]:
    words = [part.split() for part in text.split(",")]
    by_mode = dict.fromkeys(MODES, words[0][0]) if len(words[0]) == 1 else dict(words)
    return msgspec.convert({mode: by_mode[mode] for mode in MODES}, dict[str, Outcome])


@functools.cache
def task_of(language: str) -> Task:
    """The task of a language; skips the test where its data is not there."""
    if not DATA.is_dir():
        pytest.skip(f"no evaluation data at {DATA}")
    return load_task(f"multiple-{language}", DATA)


def roots() -> dict[str, Path]:
    """The root file systems of languages that this machine lacks, from PODIUM_TEST_ROOTS (`jl=FOLDER swift=FOLDER`)."""
    return roots_of(tuple(os.environ.get("PODIUM_TEST_ROOTS", "").split()), None, Path())


def untried() -> str:
    """Why toolchains of this distribution are not relied on, or nothing; PODIUM_TEST_UNTRIED has them tried."""
    name = this_distribution()
    known = read_table().distributions.get(name)
    is_tried = (known is not None and known.tried) or "PODIUM_TEST_UNTRIED" in os.environ
    return "" if is_tried else f"toolchains of {known.name if known else name or 'this system'} are untried"


def need_toolchain(language: str) -> None:
    """Skip the test where a command of the language's list is neither on this machine nor in a root for it."""
    root, listed = roots().get(language), provisions_named(language)
    if not root and (why := untried()):
        pytest.skip(f"{language}: {why}")
    machine = machine_in(root) if root else Machine()
    missing = sorted({listed.package_of(name) for name, found in listed.targets.items() if not machine.command(found)})
    if missing:
        pytest.skip(f"{language}: not installed: {', '.join(missing)}")


def generation_of(case: Case) -> str:
    """The prompt and what the model would have written: nothing from the first stop string on."""
    task = task_of(case.language)
    prompt = next(problem.prompt for problem in task.problems if problem.id == case.problem)
    stopped = [stop for stop in task.stop if stop in case.completion]
    assert not stopped, f"{case}: a model would have ended at {stopped}"
    return prompt.strip() + case.completion


def program_of(case: Case) -> bytes:
    """The generation with the problem's tests, as the stage builds it."""
    tests = next(problem.tests for problem in task_of(case.language).problems if problem.id == case.problem)
    return encode_program(f"{generation_of(case)}\n{tests}")


def outcome_of(case: Case, mode: Mode, sandbox: Runner) -> tuple[Outcome, str]:
    """What the stage would say of a case, with more patience; only an endless one has less time."""
    endless = case.wanted[mode] == "timed_out"
    seconds = ENDLESS_SECONDS if endless else PATIENT_SECONDS

    def run(job: Job) -> Completed:
        patient = job.within(seconds, PATIENT_SECONDS)
        return sandbox.run(msgspec.structs.replace(patient, provisions=case.language))

    _, outcome, message = judge(language_named(case.language), program_of(case), mode, run)
    return outcome, message


def check_collection(language: str) -> None:
    """A right solution for at least 12 problems, and every way to fail that programs have."""
    cases = read_cases(language)
    right = {case.problem for case in cases if case.wanted["parity"] == "passed"}
    assert len(right) >= 12, sorted(right)
    outcomes = {outcome for case in cases for outcome in case.wanted.values()}
    assert {"passed", "failed", "timed_out"} <= outcomes
    assert {"wrong", "syntax_error", "exception", "flood", "endless"} <= {case.variant.split("-")[0] for case in cases}
