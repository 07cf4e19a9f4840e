"""The command line starts light: help and validate import nothing heavy."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from podium.cli import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.command import Podium

pytestmark = pytest.mark.world
HEAVY = {"torch", "transformers", "github", "huggingface_hub", "matplotlib", "pyarrow", "numpy"}


def _imported(tmp_path: Path, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "podium", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    return set(re.findall(r"\|\s+([a-z_]+)(?:\.[\w.]+)?$", done.stderr, flags=re.MULTILINE))


def test_help_lists_every_command_and_imports_nothing_heavy(tmp_path: Path, podium: Podium) -> None:
    said = podium("--help")
    assert said.code == 0
    assert all(re.search(rf"^  {name} ", said.out, flags=re.MULTILINE) for name in COMMANDS)
    assert not _imported(tmp_path, "--help") & (HEAVY | {"rich", "jsonschema"})


def test_validate_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    imported = _imported(tmp_path, "validate", "plan.json")
    assert "jsonschema" in imported
    assert not imported & HEAVY


@pytest.mark.parametrize("name", ["submit", "publish", "standin", "score", "plan"])
def test_the_light_core_never_imports_torch(tmp_path: Path, name: str) -> None:
    assert not _imported(tmp_path, name, "--help") & {"torch", "transformers"}


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_explains_itself(podium: Podium, name: str) -> None:
    said = podium(name, "--help")
    assert said.code == 0
    assert said.out.startswith(f"Usage: podium {name}")


def test_an_unknown_command_is_answered_with_the_closest(podium: Podium) -> None:
    said = podium("sumbit")
    assert said.code == 2
    assert "did you mean 'submit'?" in said.err
