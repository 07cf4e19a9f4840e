"""Generations as of a weak model, made without one: right, nearly right and broken completions of every language.

Reads the case files of the tests and the evaluation data; a problem without a case has a completion that does nothing.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

from tests.bench.parts.mutations import mutations, sample
from tests.unit.execute.languages.cases import EXAMPLES, read_cases

from podium.files import write_atomic
from podium.generate.postprocess import cut_at_stop

if TYPE_CHECKING:
    from pathlib import Path

    from podium.tasks import Problem, Task

# What does nothing, after a prompt of the language.
STUBS = {
    "cpp": "\n    return {};",
    "cs": "\n        throw new Exception();",
    "d": "\n{\n    assert(false);\n}",
    "go": '\n    panic("nothing")\n}\n',
    "java": "\n        throw new RuntimeException();",
    "jl": "\n    nothing\nend",
    "js": "\n  return null;\n}",
    "lua": "\n    return nil\nend",
    "php": "\n    return null;\n}",
    "pl": "\n    return undef;\n}",
    "py": "\n    return None",
    "r": "\n    NULL\n}",
    "rb": "\n  nil\nend",
    "rkt": "\n  (void))",
    "rs": "\n    unimplemented!()",
    "scala": "\n        ???",
    "sh": "\n    return 1",
    "swift": "\n    fatalError()",
    "ts": "\n  throw new Error();\n}",
}
# Mutations that seldom make a program endless: such a one takes its whole limit, more than a hundred others.
CALM = ("number", "syntax", "unknown name", "failure", "line dropped")
LOUD = ("endless", "flood")


def write_generations(task: Task, folder: Path, n_samples: int, distinct: int, data_dir: Path) -> int:
    """Write the harness's file of a task, with so many different texts a problem; returns how many in all."""
    known = canonical(data_dir) if task.language == "py" else own(task.language)
    rows, count = [], 0
    for number, problem in enumerate(task.problems):
        texts = completions(task, problem, known.get(problem.id, []), distinct, number)
        rows.append([problem.prompt + texts[index % len(texts)] for index in range(n_samples)])
        count += len(texts)
    write_atomic(folder / f"generations_{task.name}.json", json.dumps(rows).encode())
    return count


def completions(task: Task, problem: Problem, known: list[str], distinct: int, seed: int) -> list[str]:
    """Different completions, the right one first where it is known, all cut as a model's are."""
    first = known[0] if known else STUBS[task.language]
    calm = [mutation for mutation in mutations(first, task.language) if mutation.kind in CALM]
    others = [mutation.completion for mutation in sample(calm, 2 * distinct, seed)]
    texts = (cut_at_stop(text, task.stop) for text in (first, others[0], *known[1:], *others[1:]))
    return list(dict.fromkeys(texts))[:distinct]


def own(language: str) -> dict[str, list[str]]:
    """Problem → completions of the case files, right ones first; none that never ends or floods."""
    found: dict[str, list[str]] = {}
    cases = read_cases(language) if (EXAMPLES / language).is_dir() else []
    for case in sorted(cases, key=lambda case: not case.variant.startswith("right")):
        if not case.variant.startswith(LOUD):
            found.setdefault(case.problem, []).append(case.completion)
    return found


def canonical(data_dir: Path) -> dict[str, list[str]]:
    """Problem → HumanEval's own solution, behind the line end that the stripped prompt lacks."""
    with gzip.open(data_dir / "humaneval" / "HumanEval.jsonl.gz", "rt") as stream:
        rows = [json.loads(line) for line in stream]
    return {row["task_id"]: ["\n" + row["canonical_solution"].rstrip("\n")] for row in rows}
