"""Submissions of the demo's board with true scores: right and wrong solutions, judged by a known rule."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING

from podium.files import canonical_json, write_atomic
from podium.profiles import profile_named
from podium.protocol import PASS_AT, pass_at_k
from podium.tasks import load_task

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from podium.tasks import Task

MODEL, FOLDER = "Tiny-1", "acme_Tiny-1_ann"
PROFILE = profile_named("demo")
# A body that fails, by language; the number makes each of them another program.
WRONG = {"py": "    return {n}\n", "sh": "    echo wrong {n}\n", "pl": "    return 'wrong {n}';\n}}\n"}

Texts = dict[str, list[list[str]]]
Counts = dict[str, list[int]]


def solutions(task: Task) -> dict[str, str]:
    """The right body of each problem that there is one for."""
    folder = resources.files("podium.demo").joinpath("problems")
    if task.language == "py":
        rows = [json.loads(line) for line in folder.joinpath("python.jsonl").read_text().splitlines()]
        return {row["task_id"]: row["canonical_solution"] for row in rows}
    rows = [json.loads(line) for line in folder.joinpath("solutions.jsonl").read_text().splitlines()]
    return {row["name"]: row["solution"] for row in rows if row["language"] == task.language}


def passing(problem: int, task: str, n_samples: int) -> int:
    """How many samples of a problem are right: few of some, most of others."""
    return (7 * problem + 3 * len(task)) % (n_samples + 1)


def generations() -> tuple[Texts, Counts]:
    """Texts of every task, and how many of each problem's are right."""
    texts: Texts = {}
    counts: Counts = {}
    for name in PROFILE.problems:
        task, n_samples = load_task(name, None), PROFILE.sampling.n_samples
        right = solutions(task)
        texts[name], counts[name] = [], []
        for number, problem in enumerate(task.problems):
            count = passing(number, name, n_samples) if problem.id in right else 0
            # The last line makes it another text than the data set's own solution.
            good = f"{problem.prompt}\n{right.get(problem.id, '')}# so\n"
            row = [good] * count + [
                f"{problem.prompt}\n{WRONG[task.language].format(n=n)}" for n in range(count, n_samples)
            ]
            texts[name].append(row[number % 5 :] + row[: number % 5])
            counts[name].append(count)
    return texts, counts


def pass_at(counts: list[int], n_samples: int) -> dict[str, float]:
    """The scores of a task whose problems have so many right samples."""
    return {
        f"pass@{k}": sum(pass_at_k(n_samples, count, k) for count in counts) / len(counts)
        for k in PASS_AT
        if k <= n_samples
    }


def write_submission(folder: Path, texts: Texts, scores: Mapping[str, Mapping[str, float]]) -> Path:
    """The three kinds of files, in the guide's names."""
    for task, rows in texts.items():
        write_atomic(folder / f"generations_{MODEL}/generations_{task}_{MODEL}.json", canonical_json(rows))
    for task, score in scores.items():
        config = {"model": f"acme/{MODEL}", "n_samples": PROFILE.sampling.n_samples, "temperature": 0.2}
        value = {task: dict(score), "config": config}
        write_atomic(folder / f"metrics_{MODEL}/metrics_{task}_{MODEL}.json", canonical_json(value, indent=2))
    results = [{"task": task, "pass@1": score["pass@1"]} for task, score in sorted(scores.items())]
    grouped = {"results": results, "meta": {"model": f"acme/{MODEL}"}}
    write_atomic(folder / f"{FOLDER}.json", canonical_json(grouped, indent=2))
    return folder


def true_submission(folder: Path) -> Path:
    """A submission whose scores are those of its programs."""
    texts, counts = generations()
    n_samples = PROFILE.sampling.n_samples
    return write_submission(folder, texts, {task: pass_at(counts[task], n_samples) for task in texts})
