"""The documents say what the code does: commands, actions, exit codes, the pasted workflow."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, get_type_hints

import pytest

import podium.errors
from podium.cli import COMMANDS
from podium.config import Config, Section, read_config
from podium.errors import PodiumError

if TYPE_CHECKING:
    from tests.acceptance.command import Podium

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"podium {name}" in README


def test_every_stage_of_the_readme_is_a_command() -> None:
    named = set(re.findall(r"`?podium ([a-z]+)\b", README)) - {"is", "was", "needs"}
    assert named <= set(COMMANDS), named - set(COMMANDS)


def test_every_exit_code_is_in_the_readme() -> None:
    kinds = [kind for kind in vars(podium.errors).values() if isinstance(kind, type)]
    codes = {kind.exit_code for kind in kinds if issubclass(kind, PodiumError)}
    assert {int(code) for code in re.findall(r"\| (\d+) \|", README)} >= codes
    assert PodiumError.exit_code in codes


def test_every_action_is_in_contributing_or_readme() -> None:
    text = README + (ROOT / "CONTRIBUTING.md").read_text()
    for action in (ROOT / "actions").iterdir():
        assert re.search(rf"\b{action.name}\b", text), action.name


@pytest.mark.world
def test_the_readmes_workflow_is_what_init_writes(podium: Podium) -> None:
    block = re.search(r"```yaml\n(.*?)```", README, flags=re.DOTALL)
    assert block is not None
    assert podium("init", "--org", "PAIML", "--model", "ALBOR350M", "--user", "noahgift").code == 0
    written = (podium.folder / ".github" / "workflows" / "podium.yml").read_text()
    assert block.group(1) == "\n".join(line for line in written.splitlines() if not line.startswith("#")) + "\n"


@pytest.mark.world
def test_init_writes_a_configuration_that_plan_reads(podium: Podium) -> None:
    assert podium("init", "--org", "Acme", "--model", "Tiny-1", "--user", "ada").code == 0
    again = podium("init", "--org", "Acme", "--model", "Tiny-1", "--user", "ada")
    assert again.code == 2
    assert "--force" in again.err
    assert podium("init", "--org", "Acme", "--model", "Tiny/1", "--user", "ada").code == 2
    said = podium("plan", "--tag", "v1", "--tasks", "humaneval")
    assert said.code == 4
    assert "checkpoints/v1" in said.err


@pytest.mark.world
def test_init_shows_every_key_of_the_configuration(podium: Podium, tmp_path: Path) -> None:
    shown = podium("init", "--org", "Acme", "--model", "Tiny-1", "--user", "ada", "--print").out
    complete = tmp_path / "complete.toml"
    complete.write_text(re.sub(r"(?m)^# (?=\w+ = )", "", shown))
    read_config(complete)
    sections = tomllib.loads(complete.read_text())
    known = {name: kind for name, kind in get_type_hints(Config).items() if issubclass(kind, Section)}
    assert {name: set(keys) for name, keys in sections.items()} == {
        name: set(get_type_hints(kind)) for name, kind in known.items()
    }
