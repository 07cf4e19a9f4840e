"""Result files as EvalPlus writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.boards.folder.evalplus_results import DATA_SETS

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL_EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "model" / "valid" / "example.json"
HUMANEVAL = DATA_SETS[0]


def row(task: str, base: str = "pass", plus: str = "fail") -> dict[str, Any]:
    failed: list[Any] = [] if plus == "pass" else [[1, "x"]]
    return {
        "task_id": task,
        "solution": f"def f():\n    return {task!r}\n",
        "base_status": base,
        "plus_status": plus,
        "base_fail_tests": [],
        "plus_fail_tests": failed,
    }


def result_file(path: Path, change: Callable[[dict[str, Any]], object] = lambda _: None) -> Path:
    """A file as EvalPlus writes it: 40 tasks pass everything, 20 base tests alone, the rest nothing."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for number in range(HUMANEVAL.tasks):
        task = f"HumanEval/{number}"
        rows[task] = [
            row(task, "pass" if number < 60 else "timeout", "pass" if number < 40 or number > 160 else "fail")
        ]
    value = {
        "date": "2026-11-25 21:04",
        "hash": HUMANEVAL.md5,
        "eval": rows,
        "pass_at_k": {"base": {"pass@1": 60 / 164}, "plus": {"pass@1": 40 / 164}},
    }
    change(value)
    path.write_text(json.dumps(value))
    return path
