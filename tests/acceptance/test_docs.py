"""The documents say what the code does: commands, actions, exit codes, the pasted workflow."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import pytest
import yaml

import podium.errors
from podium.cli import COMMANDS
from podium.config import Config, Section, read_config
from podium.errors import PodiumError

if TYPE_CHECKING:
    from tests.acceptance.command import Podium

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
MANUAL = (ROOT / "docs" / "manual.md").read_text()
TEAM = (ROOT / "docs" / "team.md").read_text()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_is_in_the_manual(name: str) -> None:
    assert f"podium {name}" in MANUAL + README


@pytest.mark.parametrize("text", [README, MANUAL, TEAM], ids=["README", "manual", "team"])
def test_every_command_that_is_told_exists(text: str) -> None:
    named = set(re.findall(r"`podium ([a-z]+)\b|^podium ([a-z]+)\b", text, flags=re.MULTILINE))
    named = {first or second for first, second in named}
    assert named <= set(COMMANDS), named - set(COMMANDS)


def test_every_exit_code_is_in_the_manual() -> None:
    kinds = [kind for kind in vars(podium.errors).values() if isinstance(kind, type)]
    codes = {kind.exit_code for kind in kinds if issubclass(kind, PodiumError)}
    assert {int(code) for code in re.findall(r"\| (\d+) \|", MANUAL)} >= codes
    assert PodiumError.exit_code in codes


def test_every_action_is_in_contributing_or_the_manual() -> None:
    text = MANUAL + (ROOT / "CONTRIBUTING.md").read_text()
    for action in (ROOT / "actions").iterdir():
        assert re.search(rf"\b{action.name}\b", text), action.name


def _is_part(part: Any, whole: Any) -> bool:
    """Whether every key of one value is in another with the same value."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and _is_part(value, whole[key]) for key, value in part.items())
    return bool(part == whole)


@pytest.mark.world
def test_the_readmes_workflow_is_part_of_what_init_writes(podium: Podium) -> None:
    block = re.search(r"```yaml\n(.*?)```", README, flags=re.DOTALL)
    assert block is not None
    assert podium("init", "--org", "PAIML", "--model", "ALBOR350M", "--user", "noahgift").code == 0
    written = yaml.safe_load((podium.folder / ".github" / "workflows" / "podium.yml").read_text())
    shown = yaml.safe_load(block.group(1))
    assert shown["jobs"]["podium"].pop("with") == {"tag": "${{ github.ref_name }}"}, (
        "a pushed tag is all that starts it"
    )
    assert _is_part(shown, written)


@pytest.mark.parametrize("name", ["README.md", "docs/team.md", "docs/manual.md", "docs/measured.md"])
def test_every_file_that_a_document_links_is_there(name: str) -> None:
    path = ROOT / name
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


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
