"""A generations file that somebody else wrote, read as a stranger's: strict JSON, and the task's shape or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.errors import RecordError
from podium.files import parse_json, sha256_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from podium.tasks import Problem

# `podium validate` reads no larger one either. The board's largest real file is about 20 MiB.
LIMIT_BYTES = 256 << 20


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """What a generations file holds: a list of problems, each a list of texts; and where it came from."""

    where: str
    sha256: str
    rows: list[list[str]]


def read_generations(path: Path) -> Texts:
    """Read a file. Raises RecordError naming the place of whatever is no list of lists of texts."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LIMIT_BYTES + 1)
    except OSError as err:
        message = f"cannot read {path}: {err.strerror}"
        raise RecordError(message, hint="name the generations_<task>.json that the harness saved") from err
    if len(data) > LIMIT_BYTES:
        message = f"{path} is larger than {LIMIT_BYTES >> 20} MiB"
        raise RecordError(message, hint="no task's generations are; name the file of one task")
    try:
        rows = msgspec.convert(parse_json(data, str(path)), list[list[str]], strict=True)
    except msgspec.ValidationError as err:
        message = f"{path} is no list of lists of texts: {err}"
        raise RecordError(message, hint="name the generations_<task>.json that the harness saved") from err
    return Texts(where=str(path), sha256=sha256_bytes(data), rows=rows)


def check_problems(texts: Texts, problems: Sequence[Problem]) -> None:
    """One list a problem, each text with the problem's prompt in front. Raises RecordError naming the first misfit."""
    if len(texts.rows) != len(problems):
        message = f"{texts.where} has {len(texts.rows)} problems, {len(problems)} are wanted"
        raise RecordError(message, hint="take the task that the file was made for, whole: with its --limit, no --shard")
    for place, (problem, row) in enumerate(zip(problems, texts.rows, strict=True)):
        for index, text in enumerate(row):
            if not text.startswith(problem.prompt):
                message = f"{texts.where}: $[{place}][{index}] does not begin with the prompt of {problem.id}"
                raise RecordError(message, hint="the file is of another task, data set or order of problems")


def check_counts(texts: Texts, problems: Sequence[Problem], n_samples: int) -> None:
    """`n_samples` texts a problem. Raises RecordError naming the first that has more or fewer."""
    for place, (problem, row) in enumerate(zip(problems, texts.rows, strict=True)):
        if len(row) != n_samples:
            message = f"{texts.where}: $[{place}] ({problem.id}) has {len(row)} texts, {n_samples} are wanted"
            raise RecordError(message, hint=_count_hint(texts, len(row)))


def _count_hint(texts: Texts, count: int) -> str:
    if count and all(len(row) == count for row in texts.rows):
        return f"pass --n-samples {count}"
    # The harness keeps one sample only of a prompt that fills the window.
    return "the file is ragged; draw the short problems again, or all with --backend harness, which completes them"
