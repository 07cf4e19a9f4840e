"""Imports go one way: no circle, not even for types or inside functions; no stage knows the demo or the commands."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import podium

ROOT = Path(podium.__file__).parent


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_name(path): path for path in ROOT.rglob("*.py")}


def _imported(path: Path) -> set[str]:
    """The modules of podium that a file names in an import, wherever that stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path}: relative imports are not followed"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in inner}
    return found & MODULES.keys()


EDGES = {name: _imported(path) - {name} for name, path in MODULES.items()}


def _circle(edges: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as err:
        circle: list[str] = err.args[1]
        return circle
    return []


def test_imports_never_go_in_a_circle_not_even_for_types() -> None:
    assert len(EDGES) > 200
    assert _circle(EDGES) == []


def test_a_circle_would_be_seen() -> None:
    assert "podium.errors" in EDGES["podium.files"]
    assert _circle({**EDGES, "podium.errors": {"podium.files"}})


@pytest.mark.parametrize("beneath", ["records", "errors", "files"])
def test_what_all_build_on_imports_no_stage(beneath: str) -> None:
    allowed = ("podium.records", "podium.errors", "podium.files")
    for name in MODULES:
        if name.startswith(f"podium.{beneath}"):
            assert all(imported.startswith(allowed) for imported in EDGES[name]), name


@pytest.mark.parametrize("above", ["podium.cli", "podium.demo"])
def test_no_stage_knows_the_commands_or_the_demo(above: str) -> None:
    outside = ("podium.cli", "podium.demo", "podium.__main__")
    below = {name: edges for name, edges in EDGES.items() if not name.startswith(outside)}
    assert {name for name, edges in below.items() if any(edge.startswith(above) for edge in edges)} == set()
