"""What the model was made from, and with what its programs ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.report.document import Section, Table, Text

if TYPE_CHECKING:
    from podium.gates.evidence import Evidence
    from podium.records import FileDigest, VerdictsHeader


def section(evidence: Evidence) -> Section:
    """How the checkpoint was read, every file with its digest, every task's data and toolchain."""
    model, reading = evidence.model, evidence.model.verdict
    chosen = reading.hypothesis
    read = f"read as {chosen.order}, {chosen.pairing}, {chosen.head}; decided by {reading.decided_by}"
    text = f"Model: {model.parameters:,} parameters, layout `{model.layout}` ({read}), written as {model.dtype}."
    tasks = Table(head=["task", "data SHA-256", "toolchain"], rows=[_task(header) for header in evidence.headers])
    tables = [_files("checkpoint file", model.checkpoint), _files("model file", model.files), tasks]
    return Section(title="Provenance", blocks=[Text(text=text), *tables])


def _files(name: str, files: list[FileDigest]) -> Table:
    rows = [[file.path, str(file.size_bytes), f"`{file.sha256}`"] for file in files]
    return Table(head=[name, "bytes", "SHA-256"], rows=rows, numbers=frozenset({1}))


def _task(header: VerdictsHeader) -> list[str]:
    toolchain = ", ".join(f"{name} {version}" for name, version in header.toolchain.items())
    return [header.task, f"`{header.data_sha256}`", toolchain]
