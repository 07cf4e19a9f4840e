"""The harness's generations file, whoever wrote it: read as a stranger's, by one reader with one limit.

Reads generations_<task>_<model>.json: a list of problems, each a list of texts.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from podium.errors import RecordError, UsageError
from podium.files import parse_json, sha256_bytes, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# The board's largest real file is about 20 MiB.
LIMIT_BYTES = 256 << 20
HINT = "name the generations_<task>.json that the harness or podium generate saved"


class Generations(msgspec.Struct, frozen=True, kw_only=True):
    """What a generations file holds: a list of problems, each a list of texts; and where it came from."""

    where: str
    sha256: str
    rows: list[list[str]]


def read_generations(path: Path) -> Generations:
    """Read a file. Raises RecordError naming the place of whatever is no list of lists of texts."""
    try:
        with path.open("rb") as stream:
            # Room is taken for what is there, not for the limit.
            data = stream.read(min(os.fstat(stream.fileno()).st_size, LIMIT_BYTES) + 1)
    except OSError as err:
        raise unreadable(path, err, HINT) from err
    if len(data) > LIMIT_BYTES:
        message = f"{path} is larger than {LIMIT_BYTES >> 20} MiB"
        raise RecordError(message, hint="no task's generations are; name the file of one task")
    try:
        rows = msgspec.convert(parse_json(data, str(path)), list[list[str]], strict=True)
    except msgspec.ValidationError as err:
        message = f"{path} is no list of lists of texts: {err}"
        raise RecordError(message, hint=HINT) from err
    return Generations(where=str(path), sha256=sha256_bytes(data), rows=rows)


def file_of(folder: Path, task: str) -> Path:
    """The one file of a task in a folder, named as the harness or podium names it. Raises UsageError."""
    names = (f"generations_{task}.json", f"generations_{task}_*.json")
    found = sorted(path for name in names for path in folder.glob(name) if path.is_file())
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} files of {task}: {', '.join(path.name for path in found)}" if found else f"no file of {task}"
    message = f"{folder} holds {what}"
    raise UsageError(message, hint=f"put one file there, {folder / f'generations_{task}.json'}, or leave the task out")


def check_files(folder: Path, tasks: Iterable[str]) -> None:
    """There is one file of each task. Raises UsageError naming the first that has none."""
    for task in tasks:
        file_of(folder, task)
