"""tasks: real data in order, and every way in which data can be wrong is one sentence."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from podium.errors import TaskDataError, UnknownNameError
from podium.tasks import known_tasks, load_task

ROWS = [
    {
        "task_id": f"HumanEval/{i}",
        "prompt": f"\ndef f{i}():\n",
        "entry_point": f"f{i}",
        "test": "def check(c):\n    c()\n",
    }
    for i in range(164)
]


def _write(folder: Path, rows: list[Any]) -> Path:
    path = folder / "humaneval" / "HumanEval.jsonl.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    return path


@pytest.mark.parametrize("name", [name for name in known_tasks() if not name.startswith("demo")])
def test_every_task_of_the_real_data_loads_with_its_count(name: str, data_dir: Path) -> None:
    task = load_task(name, data_dir)
    assert len(task.problems) == task.problems_in_task == known_tasks()[name].count
    assert all(problem.prompt == problem.prompt.strip() for problem in task.problems)
    assert task.stop


@pytest.mark.parametrize("name", ["demo-python", "demo-sh", "demo-pl"])
def test_the_demos_tasks_come_with_the_package(name: str) -> None:
    assert len(load_task(name, None).problems) == known_tasks()[name].count


def test_a_program_of_humaneval_ends_with_the_harness_call(tmp_path: Path) -> None:
    _write(tmp_path, ROWS)
    problem = load_task("humaneval", tmp_path).problems[3]
    assert problem.prompt == "def f3():"
    assert problem.tests == "\ndef check(c):\n    c()\n\ncheck(f3)"


def test_a_limit_cuts_problems_but_never_the_digest(tmp_path: Path) -> None:
    _write(tmp_path, ROWS)
    whole, cut = load_task("humaneval", tmp_path), load_task("humaneval", tmp_path, 20)
    assert [problem.id for problem in cut.problems] == [f"HumanEval/{i}" for i in range(20)]
    assert (cut.problems_in_task, cut.data_sha256) == (164, whole.data_sha256)


def test_the_digest_follows_prompt_and_tests(tmp_path: Path) -> None:
    _write(tmp_path, ROWS)
    before = load_task("humaneval", tmp_path).data_sha256
    _write(tmp_path, [{**ROWS[0], "test": "def check(c):\n    pass\n"}, *ROWS[1:]])
    assert load_task("humaneval", tmp_path).data_sha256 != before


def test_unknown_task_is_answered_with_the_closest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'humaneval'"):
        load_task("human-eval", None)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (ROWS[:-1], "163 problems, not 164"),
        ([*ROWS[:-1], ROWS[0]], "'HumanEval/0' twice"),
        ([{**ROWS[0], "prompt": 5}, *ROWS[1:]], "row 1 has no text in 'prompt'"),
        ([{**ROWS[0], "entry_point": ""}, *ROWS[1:]], "row 1 has no text in 'entry_point'"),
        ([], "no rows"),
        ([1, 2], "no rows"),
    ],
)
def test_wrong_rows_are_named(tmp_path: Path, rows: list[Any], said: str) -> None:
    _write(tmp_path, rows)
    with pytest.raises(TaskDataError) as caught:
        load_task("humaneval", tmp_path)
    assert said in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("keep", [0, 10, 1000])
def test_a_truncated_file_says_so(tmp_path: Path, keep: int) -> None:
    path = _write(tmp_path, ROWS)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(TaskDataError, match=r"HumanEval\.jsonl\.gz"):
        load_task("humaneval", tmp_path)


def test_a_missing_file_names_the_flag(tmp_path: Path) -> None:
    with pytest.raises(TaskDataError) as caught:
        load_task("multiple-lua", tmp_path)
    assert "humaneval-lua.jsonl.gz" in str(caught.value)
    assert "--data-dir" in caught.value.hint
