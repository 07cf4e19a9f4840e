"""findings.json: rules that do not hold."""

from __future__ import annotations

from podium.records.digests import FileDigest
from podium.records.values import (
    Part,
    Record,
    Severity,
)


class Finding(Part, frozen=True, kw_only=True):
    """One rule that does not hold. `where` is a JSON path or `line N`; `rule` is stable for filters and links."""

    rule: str
    severity: Severity
    path: str
    where: str = ""
    message: str
    hint: str = ""


class Findings(Record, frozen=True, kw_only=True, tag="findings"):
    """findings.json: what `validate` saw over a run directory or a submission."""

    files: list[FileDigest]
    findings: list[Finding]
