"""A file, or a folder of files, by what it holds."""

from __future__ import annotations

from podium.files import sha256_json
from podium.records.values import (
    Count,
    Part,
    Sha256,
)


class FileDigest(Part, frozen=True, kw_only=True):
    """One file: path relative to the folder it is listed for, size in bytes, SHA-256."""

    path: str
    size_bytes: Count
    sha256: Sha256


def digest_of_files(files: list[FileDigest]) -> str:
    """SHA-256 over sorted (path, sha256) pairs: one digest for a folder."""
    return sha256_json(sorted([file.path, file.sha256] for file in files))
