"""The layout that CONTRIBUTING draws is the one on disk: all at the top of the package is in it, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import podium

PACKAGE = Path(podium.__file__).parent
ROOT = Path(__file__).resolve().parents[2]


def _drawing() -> str:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return text.partition("## The house")[2].split("```")[1]


def _named() -> set[str]:
    return set(re.findall(r"\b(\w+\.py|\w+(?=/))", _drawing()))


def test_every_module_and_package_at_the_top_is_drawn() -> None:
    modules = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}
    packages = {path.parent.name for path in PACKAGE.glob("*/*.py")}
    assert {*modules, *packages} <= _named()


def test_what_is_drawn_is_there() -> None:
    there = {path.name for path in (*PACKAGE.rglob("*"), *ROOT.glob("*"), *ROOT.glob("*/*"))}
    assert _named() <= there


def test_each_line_draws_what_its_column_says() -> None:
    """A package or module that begins a line lies at the top."""
    for line in _drawing().splitlines():
        if match := re.match(r"(?:scripts/podium/| {14})    ?(\w+\.py|\w+/)", line):
            assert (PACKAGE / match[1]).exists(), line


def test_every_stage_declares_its_step() -> None:
    stages = {path.parent.name for path in PACKAGE.glob("*/step.py")}
    assert stages == {"convert", "generate", "execute", "measure", "score", "validate", "report"}
