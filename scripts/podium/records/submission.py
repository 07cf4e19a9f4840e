"""submission.json: the folder that goes to a board."""

from __future__ import annotations

from podium.records.digests import FileDigest
from podium.records.plan import Release
from podium.records.values import (
    Record,
    Sha256,
)


class Submission(Record, frozen=True, kw_only=True, tag="submission"):
    """submission.json: the folder that goes to the board, file by file, and the digest that is approved."""

    release: Release
    profile: str
    title: str
    folder: str
    files: list[FileDigest]
    sha256: Sha256
    body_sha256: Sha256
