"""A generations file that somebody else wrote, held against its task: the task's shape or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podium.generations import Generations
    from podium.tasks import Problem


def check_problems(texts: Generations, problems: Sequence[Problem]) -> None:
    """One list a problem, each text with the problem's prompt in front. Raises RecordError naming the first misfit."""
    if len(texts.rows) != len(problems):
        message = f"{texts.where} has {len(texts.rows)} problems, {len(problems)} are wanted"
        raise RecordError(message, hint="take the task that the file was made for, whole: with its --limit, no --shard")
    for place, (problem, row) in enumerate(zip(problems, texts.rows, strict=True)):
        for index, text in enumerate(row):
            if not text.startswith(problem.prompt):
                message = f"{texts.where}: $[{place}][{index}] does not begin with the prompt of {problem.id}"
                raise RecordError(message, hint="the file is of another task, data set or order of problems")


def check_counts(texts: Generations, problems: Sequence[Problem], n_samples: int) -> None:
    """`n_samples` texts a problem. Raises RecordError naming the first that has more or fewer."""
    for place, (problem, row) in enumerate(zip(problems, texts.rows, strict=True)):
        if len(row) != n_samples:
            message = f"{texts.where}: $[{place}] ({problem.id}) has {len(row)} texts, {n_samples} are wanted"
            raise RecordError(message, hint=_count_hint(texts, len(row)))


def _count_hint(texts: Generations, count: int) -> str:
    if count and all(len(row) == count for row in texts.rows):
        return f"pass --n-samples {count}"
    # The harness keeps one sample only of a prompt that fills the window.
    return "the file is ragged; draw the short problems again, or all with --backend harness, which completes them"
