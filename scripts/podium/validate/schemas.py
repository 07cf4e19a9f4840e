"""`python -m podium.validate.schemas [FOLDER]` (target `make schemas`) writes schemas/<record>.schema.json.

The transcribed schemas in `schemas/boards/` are written by hand and left alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from podium.files import canonical_json, write_atomic
from podium.validate.shapes import record_schema, record_types

SUFFIX = ".schema.json"


def generated() -> dict[str, bytes]:
    """File name to content of every generated schema."""
    return {f"{name}{SUFFIX}": canonical_json(record_schema(name), indent=2) for name in record_types()}


def write_schemas(folder: Path) -> list[Path]:
    """Write every generated schema and drop those of records that are gone; returns what was written."""
    files = generated()
    for path in folder.glob(f"*{SUFFIX}"):
        if path.name not in files:
            path.unlink()
    for name, data in files.items():
        write_atomic(folder / name, data)
    return [folder / name for name in files]


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("schemas"))
