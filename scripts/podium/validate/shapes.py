"""The JSON schemas (draft 2020-12): our records' from `records`, the board's transcribed in `schemas/boards/`.

Reads the transcribed files from the package (`boards` links to `schemas/boards`). Writes nothing.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec
from jsonschema import Draft202012Validator

from podium.files import parse_json
from podium.records import JSON_RECORDS, JSONL_RECORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

DIALECT = "https://json-schema.org/draft/2020-12/schema"
BOARD_SCHEMAS = ("bigcode-grouped", "bigcode-metrics", "bigcode-generations", "evalplus-results")


def record_types() -> dict[str, type[msgspec.Struct]]:
    """Schema name to record: JSON records, and header and row of each JSONL record."""
    types: dict[str, type[msgspec.Struct]] = dict(JSON_RECORDS)
    for name, (header, row) in JSONL_RECORDS.items():
        types |= {name: header, f"{name}-row": row}
    return types


def record_schema(name: str) -> dict[str, Any]:
    """The schema of one record, generated."""
    kind = record_types()[name]
    schema = msgspec.json.schema(kind)
    title = f"podium {name.replace('-', ' ')}"
    return {"$schema": DIALECT, "$id": f"urn:podium:{name}", "title": title, **schema}


def board_schema(name: str) -> dict[str, Any]:
    """One transcribed schema of a board's format."""
    file = resources.files("podium.validate") / "boards" / f"{name}.schema.json"
    schema: dict[str, Any] = parse_json(file.read_bytes(), file.name)
    return schema


@functools.cache
def validator(name: str) -> Draft202012Validator:
    """A compiled validator for a record or board schema."""
    schema: Mapping[str, Any] = board_schema(name) if name in BOARD_SCHEMAS else record_schema(name)
    return Draft202012Validator(schema)
