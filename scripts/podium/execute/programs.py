"""Programs: generation + newline + tests, one a sample, named by problem, index and digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.errors import IncompleteError, RecordError
from podium.files import sha256_bytes

if TYPE_CHECKING:
    from podium.tasks import Task

NAMED_AT_MOST = 10


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """One sample's generation with its tests, ready to run."""

    problem: str
    index: int
    text: bytes
    sha256: str


def encode_program(text: str) -> bytes:
    """UTF-8; lone surrogates, which JSON can carry, are kept so that they fail where they fail in the harness."""
    return text.encode("utf-8", "surrogatepass")


def build_programs(task: Task, generations: list[list[str]]) -> list[Program]:
    """All programs in (problem, index) order. Raises IncompleteError naming missing samples, and RecordError."""
    if len(generations) > len(task.problems):
        message = f"there are generations for {len(generations)} problems, but {task.name} has {len(task.problems)}"
        raise RecordError(message, hint="pass the --task, and the --limit, that the generations were made for")
    n_samples = max(map(len, generations), default=0)
    missing = [
        f"{problem.id} from sample {have}"
        for number, problem in enumerate(task.problems)
        if (have := len(generations[number]) if number < len(generations) else 0) < n_samples or not have
    ]
    if missing:
        more = f" and {len(missing) - NAMED_AT_MOST} more" if len(missing) > NAMED_AT_MOST else ""
        message = f"generations are missing: {', '.join(missing[:NAMED_AT_MOST])}{more} (of {n_samples} samples each)"
        raise IncompleteError(message, hint="run podium generate again; it draws only what is missing")
    programs = []
    for problem, samples in zip(task.problems, generations, strict=True):
        for index, generation in enumerate(samples):
            text = encode_program(f"{generation}\n{problem.tests}")
            programs.append(Program(problem=problem.id, index=index, text=text, sha256=sha256_bytes(text)))
    return programs
