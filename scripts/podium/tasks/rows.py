"""One row of a data set as a problem: the two formats, HumanEval's and MultiPL-E's."""

from __future__ import annotations

from typing import Any

import msgspec

from podium.errors import TaskDataError

Row = dict[str, Any]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a task: `prompt` stripped as the harness does it; a program is generation + newline + `tests`."""

    id: str
    prompt: str
    tests: str


def _text(row: Row, key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or (not value and key != "tests"):
        message = f"{where} has no text in {key!r}"
        raise TaskDataError(message, hint="the file is not in the task's format; fetch it again")
    return value


def humaneval_problem(row: Row, where: str) -> Problem:
    """HumanEval's format. The reference is newline + test + newline + check(entry_point), as the harness builds it."""
    tests = f"\n{_text(row, 'test', where)}\ncheck({_text(row, 'entry_point', where)})"
    return Problem(id=_text(row, "task_id", where), prompt=_text(row, "prompt", where).strip(), tests=tests)


def multiple_problem(row: Row, where: str) -> Problem:
    """MultiPL-E's format: the tests column is the reference."""
    return Problem(
        id=_text(row, "name", where), prompt=_text(row, "prompt", where).strip(), tests=_text(row, "tests", where)
    )


def stop_tokens(row: Row, where: str) -> list[str]:
    """MultiPL-E's stop words: the harness takes those of the first row for the whole task."""
    value = row.get("stop_tokens")
    if not isinstance(value, list) or not all(isinstance(token, str) and token for token in value):
        message = f"{where} has no list of texts in 'stop_tokens'"
        raise TaskDataError(message, hint="the file is not in MultiPL-E's format; fetch it again")
    return list(value)
