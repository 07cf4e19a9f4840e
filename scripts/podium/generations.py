"""The harness's generations file, whoever wrote it: read as a stranger's, by one reader with one limit.

Reads generations_<task>_<model>.json: a list of problems, each a list of texts.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from podium.errors import RecordError
from podium.files import parse_json, sha256_bytes

if TYPE_CHECKING:
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
        message = f"cannot read {path}: {err.strerror}"
        raise RecordError(message, hint=HINT) from err
    if len(data) > LIMIT_BYTES:
        message = f"{path} is larger than {LIMIT_BYTES >> 20} MiB"
        raise RecordError(message, hint="no task's generations are; name the file of one task")
    try:
        rows = msgspec.convert(parse_json(data, str(path)), list[list[str]], strict=True)
    except msgspec.ValidationError as err:
        message = f"{path} is no list of lists of texts: {err}"
        raise RecordError(message, hint=HINT) from err
    return Generations(where=str(path), sha256=sha256_bytes(data), rows=rows)
