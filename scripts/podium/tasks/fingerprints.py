"""Fingerprints of every task's prompts and right solutions, so that a text is known for another problem's without data.

Reads `fingerprints.json` of this package. `python -m podium.tasks.fingerprints DATA_DIR` writes
it from the task data: lengths and truncated digests, nothing of the texts.
"""

from __future__ import annotations

import functools
import hashlib
import json
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from podium.files import parse_json, write_atomic
from podium.tasks import known_tasks, load_task
from podium.tasks.sources import bundled_rows, folder_rows

if TYPE_CHECKING:
    from podium.tasks import Task

NAME = "fingerprints.json"
DIGITS = 16


class Prompt(msgspec.Struct, frozen=True, array_like=True):
    """A stripped prompt by its length in characters and its digest, and the digest of the right solution if known."""

    length: int
    digest: str
    solution: str = ""


class TaskPrints(msgspec.Struct, frozen=True, kw_only=True):
    """The fingerprints of one task, its problems in data-set order."""

    data_sha256: str
    prompts: dict[str, Prompt]


def digest_of(text: str) -> str:
    """The truncated digest of a text; half characters are kept."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def solution_digest(text: str) -> str:
    """The digest of a program whatever its blanks and line ends are."""
    return digest_of("".join(text.split()))


def begins_with(text: str, prompt: Prompt) -> bool:
    """Whether a generation begins with a prompt."""
    return digest_of(text[: prompt.length]) == prompt.digest


@functools.cache
def fingerprints() -> dict[str, TaskPrints]:
    """The fingerprints by task."""
    data = resources.files("podium.tasks").joinpath(NAME).read_bytes()
    return msgspec.convert(parse_json(data, NAME), dict[str, TaskPrints])


def made_from(task: Task, solutions: dict[str, str]) -> TaskPrints:
    """The fingerprints of a task as it was loaded."""
    return TaskPrints(
        data_sha256=task.data_sha256,
        prompts={
            problem.id: Prompt(
                len(problem.prompt),
                digest_of(problem.prompt),
                solution_digest(problem.prompt + solutions[problem.id]) if problem.id in solutions else "",
            )
            for problem in task.problems
        },
    )


def solutions_of(name: str, data_dir: Path | None) -> dict[str, str]:
    """Right solutions by problem, where the data set brings any (HumanEval's does)."""
    source = known_tasks()[name]
    if source.bundled is not None:
        rows, _ = bundled_rows(*source.bundled)
    elif data_dir is not None:
        rows, _ = folder_rows(data_dir, source.folder_path)
    else:
        rows = []
    return {row["task_id"]: row["canonical_solution"] for row in rows if "canonical_solution" in row}


def write_fingerprints(data_dir: Path, path: Path) -> None:
    """Write the file for every known task."""
    made: dict[str, Any] = {
        name: msgspec.to_builtins(made_from(load_task(name, data_dir), solutions_of(name, data_dir)))
        for name in known_tasks()
    }
    # The order of problems is that of the data set, so keys are not sorted.
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(made[name], separators=(',', ':'))}" for name in sorted(made))
    write_atomic(path, f"{{\n{lines}\n}}\n".encode())


if __name__ == "__main__":
    write_fingerprints(Path(sys.argv[1]), Path(__file__).with_name(NAME))
