"""podium crosscheck against a real checkout of the harness, where PODIUM_TEST_HARNESS names one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.bench.parts.programs import canonical, mix, odd

from podium.crosscheck import TaskFiles, crosscheck_task, find_harness
from podium.errors import IncompleteError, RecordError, UsageError
from podium.execute import ExecuteOptions, execute
from podium.execute.sandbox import Sandbox
from podium.files import sha256_bytes, write_atomic
from podium.progress import SilentProgress
from podium.records import Agreement, Verdict, VerdictsHeader, encode, read_record, read_rows
from podium.tasks import Problem, Task

if TYPE_CHECKING:
    from tests.acceptance.command import Podium

pytestmark = pytest.mark.world
# Read when the module is imported: the fixture for every test empties the environment.
CHECKOUT = os.environ.get("PODIUM_TEST_HARNESS", "")
with_harness = pytest.mark.skipif(not CHECKOUT, reason="PODIUM_TEST_HARNESS names no checkout of the harness")


def judged(rows: list[tuple[str, str]], folder: Path, language: str = "py") -> TaskFiles:
    """Generations and our verdicts of (generation, tests) pairs, each a problem of its own."""
    problems = [Problem(id=f"P/{number}", prompt="", tests=tests) for number, (_, tests) in enumerate(rows)]
    task = Task(
        name="t", language=language, problems=problems, stop=[], data_sha256="0" * 64, problems_in_task=len(rows)
    )
    files = TaskFiles(task=task, generations=folder / "g.json", verdicts=folder / "v.jsonl")
    generations = [[generation] for generation, _ in rows]
    write_atomic(files.generations, json.dumps(generations).encode())  # ASCII: lone surrogates stay
    digest = sha256_bytes(files.generations.read_bytes())
    with Sandbox() as sandbox:
        execute(ExecuteOptions(), task, generations, digest, sandbox, files.verdicts, SilentProgress())
    return files


SHELL = [
    ("f() { echo 1; }", "set -e\n[[ $(f) = 1 ]]"),
    ("f() { echo 2; }", "set -e\n[[ $(f) = 1 ]]"),
    ("f() { echo 1; fi }", "set -e\n[[ $(f) = 1 ]]"),
    ("no_such_command\nf() { echo 1; }", "[[ $(f) = 1 ]]"),
    ("printf '\\377'\nf() { echo 1; }", "[[ $(f) = 1 ]]"),
]


@with_harness
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["canonical", "mix", "odd", "sh"])
def test_every_verdict_and_text_is_the_harnesss(kind: str, data_dir: Path, tmp_path: Path) -> None:
    rows = {"canonical": canonical(data_dir, 1), "mix": mix(data_dir, 100), "odd": odd(), "sh": SHELL}[kind]
    files = judged(rows, tmp_path, "sh" if kind == "sh" else "py")
    harness = find_harness(Path(CHECKOUT), "python3")
    with Sandbox(harness.folders) as sandbox:
        agreement = crosscheck_task(files, harness, 2, sandbox, SilentProgress())
    assert agreement.differences == []
    assert (agreement.samples, agreement.agreeing) == (len(rows), len(rows))


@with_harness
def test_a_verdict_that_was_changed_is_listed_and_asked_about_again(tmp_path: Path) -> None:
    files = judged([("x = 1", "assert x == 1"), ("x = 2", "assert x == 1, 'no'")], tmp_path)
    header, rows = read_rows(files.verdicts, VerdictsHeader, Verdict)
    forged = msgspec.structs.replace(rows[1], outcome="passed", message="passed")
    files.verdicts.write_bytes(b"".join(encode(line) + b"\n" for line in (header, rows[0], forged)))
    harness = find_harness(Path(CHECKOUT), "python3")
    with Sandbox(harness.folders) as sandbox:
        agreement = crosscheck_task(files, harness, 2, sandbox, SilentProgress())
    assert (agreement.agreeing, agreement.asked_again) == (1, 1)
    assert [(item.problem, item.ours, item.theirs) for item in agreement.differences] == [
        ("P/1", "passed: passed", "not passed: failed: no")
    ]


@with_harness
@pytest.mark.slow
def test_a_run_is_cross_checked_from_the_command_line(podium: Podium) -> None:
    podium.write_config()
    assert podium("run", "--tag", "v1").code == 0
    said = podium("crosscheck", "runs/v1", "--harness", CHECKOUT)
    assert said.code == 0, said.err
    assert said.out == "runs/v1/crosscheck.json\n"
    record = read_record(podium.folder / "runs" / "v1" / "crosscheck.json", Agreement)
    assert record.sandbox.isolated
    assert {task.task for task in record.tasks} == {"demo-python", "demo-sh", "demo-pl"}
    assert all(task.agreeing == task.samples for task in record.tasks)
    assert podium("validate", "runs/v1").code in (0, 3)


def test_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no checkout of bigcode-evaluation-harness") as caught:
        find_harness(tmp_path, "python3")
    assert "git clone" in caught.value.hint


def checkout(folder: Path) -> Path:
    metrics = folder / "bigcode_eval" / "tasks" / "custom_metrics"
    metrics.mkdir(parents=True)
    (metrics / "code_eval.py").write_text("")
    return folder


def test_interpreter_that_does_not_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not run as a Python interpreter") as caught:
        find_harness(checkout(tmp_path), "false")
    assert "--python" in caught.value.hint


def test_commit_of_a_checkout_is_read_from_git(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    (folder / ".git" / "refs").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/x\n")
    (folder / ".git" / "refs" / "x").write_text("a" * 40 + "\n")
    assert find_harness(folder, "python3").commit == "a" * 40


def test_generations_that_were_changed_afterwards_are_refused(tmp_path: Path) -> None:
    files = judged([("x = 1", "assert x == 1")], tmp_path)
    files.generations.write_text('[["x = 3"]]')
    harness = find_harness(checkout(tmp_path), "python3")
    with Sandbox() as sandbox, pytest.raises(RecordError, match="is not about"):
        crosscheck_task(files, harness, 2, sandbox, SilentProgress())


def test_missing_verdict_is_refused_by_name(tmp_path: Path) -> None:
    files = judged([("x = 1", "assert x == 1"), ("x = 2", "assert x == 2")], tmp_path)
    lines = files.verdicts.read_bytes().splitlines(keepends=True)
    files.verdicts.write_bytes(b"".join(lines[:2]))
    harness = find_harness(checkout(tmp_path), "python3")
    with Sandbox() as sandbox, pytest.raises(IncompleteError, match="P/1 sample 0"):
        crosscheck_task(files, harness, 2, sandbox, SilentProgress())
