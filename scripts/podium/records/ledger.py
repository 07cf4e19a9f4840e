"""ledger.json: finished work by name."""

from __future__ import annotations

from podium.records.digests import FileDigest
from podium.records.values import Part, Record, Sha256


class LedgerEntry(Part, frozen=True, kw_only=True):
    """Finished work: `key` hashes all its inputs, `outputs` are the files it left, relative to the run directory."""

    key: Sha256
    outputs: list[FileDigest]


class LedgerFile(Record, frozen=True, kw_only=True, tag="ledger"):
    """ledger.json: finished work by name (`generate humaneval 1/1`)."""

    entries: dict[str, LedgerEntry]
