"""What a program can see of the process it runs in: one small program an item, which fails with what it saw."""

from __future__ import annotations

import json
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "examples" / "process"
# A line an item: its name, and behind a bar statements, the last of which is the expression to show.
ITEMS = FOLDER / "items.txt"
RECORDED = FOLDER / "harness.json"
SLICES = ("ab", "cd", "ef", "ghi", "jklm", "nopq", "rst", "uvwxyz", "_")
DEPTH = """
def depth(n):
    try:
        return depth(n + 1)
    except RecursionError:
        return n
raise ValueError(depth(1))
"""


def programs() -> dict[str, str]:
    """Each item's program."""
    found = {"free recursion depth": DEPTH}
    for line in ITEMS.read_text(encoding="utf-8").splitlines():
        name, _, statement = line.partition(" | ")
        *before, shown = statement.split("; ")
        found[name] = "\n".join([*before, f"raise ValueError({shown})"])
    for letters in SLICES:
        seen = f"n for n in sys.modules if n.partition('.')[0] in sys.stdlib_module_names and n[0] in {letters!r}"
        found[f"standard modules {letters}"] = f"import sys\nraise ValueError(sorted({seen}))"
    return found


def normal(text: str) -> str:
    """Without what differs between two processes of the same kind: addresses and running numbers."""
    text = re.sub(r"0x[0-9a-f]{6,}", "0x", text)
    return re.sub(r"(Process-|ThreadPoolExecutor-\d_|'\], \()\d+", r"\1N", text)


def recorded() -> dict[str, str]:
    """What a real harness process showed."""
    saved: dict[str, str] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return saved
