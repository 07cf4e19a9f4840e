"""Which file is what: by name and place, the harness's and the board's naming variants included."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from podium.protocol import COMMUNITY_FOLDER
from podium.records import JSON_RECORDS, JSONL_RECORDS
from podium.run_directory import PLAN, TABLE, Later, Row, fixed, is_beside_receipt

if TYPE_CHECKING:
    from collections.abc import Iterable

# Records that lie outside of run directories.
ELSEWHERE = (
    Later(name="send-plan", schema="send-plan"),
    Later(name="diagnosis", schema="diagnosis"),
    Later(name="verification", schema="verification", limit_bytes=64 << 20),
)
KINDS: dict[str, Row] = {row.name: row for row in (*ELSEWHERE, *TABLE)}
FIXED = fixed()


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A recognised file. `variant` says which well-known wrong name it has; `model` is the name in its folder."""

    path: str
    kind: Row
    task: str = ""
    model: str = ""
    variant: str = ""


def recognise(path: str) -> Place | None:
    """What a file is, from its name and the folders right above it; None when nothing here knows it."""
    parts = path.split("/")
    name, parent = parts[-1], parts[-2] if len(parts) > 1 else ""
    for fixed_path in (name, f"{parent}/{name}"):
        if fixed_path in FIXED:
            return Place(path=path, kind=FIXED[fixed_path])
    if is_beside_receipt(name):
        return Place(path=path, kind=KINDS["receipt"])
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
    return PLAN in names


def is_submission(names: Iterable[str], parent: str) -> bool:
    """A folder below community_results/, or one with the board's folders and a JSON beside them."""
    names = list(names)
    artefacts = any(name.startswith(("generations_", "metrics_")) and not name.endswith(".json") for name in names)
    return parent == COMMUNITY_FOLDER or (artefacts and any(looks_grouped(name) for name in names))
