"""The seed of a verification: new for each, so that nobody can prepare for it, and kept until that one is finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.errors import RecordError
from podium.files import canonical_json, read_json, write_atomic
from podium.records import digest_of_files

if TYPE_CHECKING:
    from pathlib import Path

    from podium.verify.submitted import Submitted

NAME = "begun.json"


def settle_seed(work: Path, submitted: Submitted, fresh: int) -> int:
    """The seed of the verification that was begun here over the same bytes, else the fresh one. Raises StorageError."""
    digest = digest_of_files(submitted.files)
    path = work / NAME
    if path.exists():
        try:
            begun = read_json(path)
        except RecordError:
            begun = None
        if isinstance(begun, dict) and begun.get("files") == digest and isinstance(begun.get("seed"), int):
            return int(begun["seed"])
    write_atomic(path, canonical_json({"files": digest, "seed": fresh}))
    return fresh


def forget_seed(work: Path) -> None:
    """The verification is finished: the next one draws another part."""
    (work / NAME).unlink(missing_ok=True)
