"""Which file is what: by name and place, the harness's and the board's naming variants included."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from podium.protocol import COMMUNITY_FOLDER
from podium.records import JSON_RECORDS, JSONL_RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

MIB = 1 << 20
Format = Literal["json", "jsonl", "text"]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of file: how it is read, how large it may be, its schema, and whether it is evidence of a score.

    What is written after validation (findings, gates, the page, the ledger) is no evidence: counting it
    would make a second validation of the same run differ from the first.
    """

    name: str
    format: Format = "json"
    schema: str = ""
    limit_bytes: int = 64 * MIB
    is_evidence: bool = True


KINDS = {
    kind.name: kind
    for kind in (
        Kind(name="plan", schema="plan", limit_bytes=16 * MIB),
        Kind(name="model", schema="model", limit_bytes=16 * MIB),
        Kind(name="scores", schema="scores", limit_bytes=4 * MIB),
        Kind(name="ledger", schema="ledger", limit_bytes=16 * MIB, is_evidence=False),
        Kind(name="findings", schema="findings", limit_bytes=16 * MIB, is_evidence=False),
        Kind(name="gates", schema="gates", limit_bytes=4 * MIB, is_evidence=False),
        Kind(name="submission", schema="submission", limit_bytes=4 * MIB, is_evidence=False),
        Kind(name="receipt", schema="receipt", limit_bytes=4 * MIB, is_evidence=False),
        Kind(name="send-plan", schema="send-plan", limit_bytes=4 * MIB, is_evidence=False),
        Kind(name="agreement", schema="agreement", is_evidence=False),
        Kind(name="diagnosis", schema="diagnosis", limit_bytes=4 * MIB, is_evidence=False),
        Kind(name="samples", format="jsonl", schema="samples", limit_bytes=256 * MIB),
        Kind(name="verdicts", format="jsonl", schema="verdicts", limit_bytes=256 * MIB),
        Kind(name="generations", schema="bigcode-generations"),
        Kind(name="metrics", schema="bigcode-metrics", limit_bytes=4 * MIB),
        Kind(name="grouped", schema="bigcode-grouped", limit_bytes=4 * MIB),
        Kind(name="body", format="text", limit_bytes=4 * MIB, is_evidence=False),
        Kind(name="page", format="text", is_evidence=False),
    )
}
RECORD_FILES = {
    **{f"{name}.json": name for name in ("plan", "ledger", "model", "scores", "findings", "gates", "submission")},
    "submit.json": "receipt",
    "publish.json": "receipt",
    "publish.eval-results.json": "receipt",
    "submit.evalplus.json": "receipt",
    "submit.directory.json": "receipt",
    "pr_body.md": "body",
    "crosscheck.json": "agreement",
}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A recognised file. `variant` says which well-known wrong name it has; `model` is the name in its folder."""

    path: str
    kind: Kind
    task: str = ""
    model: str = ""
    variant: str = ""


def recognise(path: str) -> Place | None:
    """What a file is, from its name and the folders right above it; None when nothing here knows it."""
    parts = path.split("/")
    name, parent = parts[-1], parts[-2] if len(parts) > 1 else ""
    if name in RECORD_FILES:
        return Place(path=path, kind=KINDS[RECORD_FILES[name]])
    if (parent, name) == ("report", "index.html"):
        return Place(path=path, kind=KINDS["page"])
    if parent in JSONL_RECORDS and name.endswith(".jsonl"):
        task = name.removesuffix(".jsonl").partition(".")[0]
        return Place(path=path, kind=KINDS[parent], task=task)
    return _artefact(path, parts)


def _artefact(path: str, parts: list[str]) -> Place | None:
    """A generations or metrics file: in its folder, loose, or one folder too deep as in a merged submission."""
    name, above = parts[-1], parts[-2::-1]
    for kind in ("generations", "metrics"):
        folder = next((part for part in above[:2] if part.startswith(f"{kind}_")), "")
        if deep := _too_deep(kind, above[:2]):
            task, model = deep
            variant = f"it lies in a folder of its own; move it to {kind}_{model}/{kind}_{task}_{model}.json"
            return Place(path=path, kind=KINDS[kind], task=task, model=model, variant=variant)
        match = re.fullmatch(rf"{kind}_([^_/]+)_(.+)\.json", name)
        if match is None:
            continue
        task, model, variant = match[1], match[2], ""
        if model.endswith(f"_{task}"):
            model = model.removesuffix(f"_{task}")
            variant = f"the harness appended the task a second time; rename it to {kind}_{task}_{model}.json"
        model = folder.removeprefix(f"{kind}_") if folder else model
        return Place(path=path, kind=KINDS[kind], task=task, model=model, variant=variant)
    return None


def _too_deep(kind: str, above: list[str]) -> tuple[str, str] | None:
    """(task, model) of `generations_<model>/generations_<task>/…`."""
    if len(above) == 2 and all(part.startswith(f"{kind}_") for part in above):
        return above[0].removeprefix(f"{kind}_"), above[1].removeprefix(f"{kind}_")
    return None


def recognise_content(path: str, value: Any) -> Place | None:
    """What a file named by hand is, from its content: an own record by its `record`, the board's by its keys."""
    kind = ""
    if isinstance(value, list):
        kind = "generations"
    elif isinstance(value, dict):
        tag = value.get("record")
        if isinstance(tag, str):
            kind = tag if tag in JSON_RECORDS else ""
        elif "results" in value or "meta" in value:
            kind = "grouped"
        elif "config" in value:
            kind = "metrics"
    return Place(path=path, kind=KINDS[kind]) if kind in KINDS else None


def looks_grouped(name: str) -> bool:
    """`<org>_<model>_<user>.json`, or what people make of it: any JSON file that nothing else claims."""
    return name.endswith(".json") and recognise(name) is None


def is_run(names: Iterable[str]) -> bool:
    """A folder with plan.json is a run directory."""
    return "plan.json" in names


def is_submission(names: Iterable[str], parent: str) -> bool:
    """A folder below community_results/, or one with the board's folders and a JSON beside them."""
    names = list(names)
    artefacts = any(name.startswith(("generations_", "metrics_")) and not name.endswith(".json") for name in names)
    return parent == COMMUNITY_FOLDER or (artefacts and any(looks_grouped(name) for name in names))
