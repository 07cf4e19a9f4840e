"""Tasks: their problems in data-set order, from a data folder, from the Hub at a pinned revision, or bundled.

Reads the layout `humaneval/HumanEval.jsonl.gz`, `multipl-e/humaneval-<lang>.jsonl.gz`. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.errors import TaskDataError
from podium.files import sha256_json
from podium.names import check_name
from podium.protocol import FILE_SEPARATOR
from podium.tasks.rows import Problem, stop_tokens
from podium.tasks.sources import bundled_rows, folder_rows, hub_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from podium.tasks.rows import Row

__all__ = ["Problem", "Task", "TaskSource", "known_tasks", "load_task"]


class TaskSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where a task's rows lie and how many there must be. `stop` is None where the data carries its own.

    `provisions` names the list of what its programs may use, where that is not the language's own.
    """

    language: str
    count: int
    read: Callable[[Row, str], Problem]
    stop: tuple[str, ...] | None = None
    folder_path: str = ""
    hub: tuple[str, str, str] | None = None
    bundled: str = ""
    provisions: str = ""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A task ready to run. `problems` may be cut by a limit; `problems_in_task` and `data_sha256` never are."""

    name: str
    language: str
    problems: list[Problem]
    stop: list[str]
    data_sha256: str
    problems_in_task: int
    provisions: str = ""

    @property
    def provisions_name(self) -> str:
        """The list of what its programs may use beside the interpreter."""
        return self.provisions or self.language


def known_tasks() -> dict[str, TaskSource]:
    """Every task by its name in harness and board."""
    from podium.tasks.table import TASKS

    return TASKS


def load_task(name: str, data_dir: Path | None, limit: int | None = None) -> Task:
    """Load one task; without `data_dir` the Hub is asked.

    Raises UnknownNameError for a name no table knows and TaskDataError when the data is missing, truncated or
    not what it says.
    """
    tasks = known_tasks()
    source = tasks[check_name("task", name, tasks)]
    if source.bundled:
        rows, where = bundled_rows(source.bundled)
    elif data_dir is not None:
        rows, where = folder_rows(data_dir, source.folder_path)
    elif source.hub is not None:
        rows, where = hub_rows(*source.hub)
    else:
        message = f"{name} has no data on the Hub"
        raise TaskDataError(message, hint="pass --data-dir with the task's file")
    problems = [source.read(row, f"{where}: row {number}") for number, row in enumerate(rows, 1)]
    _check_problems(problems, source.count, where)
    stop = list(source.stop) if source.stop is not None else [*stop_tokens(rows[0], where), FILE_SEPARATOR]
    content = [[problem.id, problem.prompt, problem.tests] for problem in problems]
    return Task(
        name=name,
        language=source.language,
        problems=problems[:limit],
        stop=stop,
        data_sha256=sha256_json([name, stop, content]),
        problems_in_task=len(problems),
        provisions=source.provisions,
    )


def _check_problems(problems: list[Problem], count: int, where: str) -> None:
    if len(problems) != count:
        message = f"{where} has {len(problems)} problems, not {count}: truncated or another data set"
        raise TaskDataError(message, hint="fetch the file again, or point --data-dir at a complete copy")
    ids = [problem.id for problem in problems]
    if len(set(ids)) != len(ids):
        twice = next(problem_id for problem_id in ids if ids.count(problem_id) > 1)
        message = f"{where} names problem {twice!r} twice"
        raise TaskDataError(message, hint="fetch the file again, or point --data-dir at a clean copy")
