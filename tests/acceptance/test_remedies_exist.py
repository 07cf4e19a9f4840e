"""What remedies tell people to type exists: commands, their flags, keys of podium.toml. Every remedy is looked at."""

from __future__ import annotations

import importlib
import re
from typing import get_type_hints

import click
import pytest
from tests.acceptance.remedies import COMMAND, FLAG, FOREIGN, LINE, Remedy, collected

from podium.cli import COMMANDS
from podium.config import Config

# Flags of other programs that remedies name.
OTHERS = {
    "--force",  # git push
    "--include",  # git lfs pull
    "--clobber",  # gh release upload
    "--draft",  # gh release edit
    "--yes",  # apt-get
    "--test-details",  # EvalPlus's
    "--mini",
    "--noextreme",
    "--version",
    "--base-only",
    "--greedy",
    "--samples",
    "--security-opt",  # docker run
}


def flags_of(command: str) -> set[str]:
    """The options of a command of podium."""
    found = importlib.import_module(COMMANDS[command][0]).command
    assert isinstance(found, click.Command)
    return {name for option in found.params for name in option.opts} | {"--help"}


TYPED = [remedy for remedy in collected() if remedy.is_typed]
EVERY_FLAG = {flag for command in COMMANDS for flag in flags_of(command)}


def test_remedies_are_found_in_the_source() -> None:
    """A collector that finds too few would make the checks below say nothing."""
    texts = {remedy.text for remedy in collected()}
    assert len(texts) > 250
    assert len(TYPED) > 120
    for known in (
        "podium init --org ORG --model MODEL --user USER writes one; --config names another",
        "write and read a new plan: --plan-only -o FILE, then --plan FILE",
        '`base = "main"` below [submit] in podium.toml, without refs/heads/',
        "give the token the scope `workflow` (classic) or Workflows: write (fine-grained)",
        "run podium submit RUN_DIR again and have the pull request approved as it then is",
    ):
        assert known in texts, known


@pytest.mark.parametrize("remedy", TYPED, ids=lambda remedy: remedy.place)
def test_what_it_tells_to_type_exists(remedy: Remedy) -> None:
    for match in COMMAND.finditer(remedy.text):
        named = set(FLAG.findall(match[2]))
        assert named <= flags_of(match[1]), f"podium {match[1]} has no {named - flags_of(match[1])}"
    is_foreign = FOREIGN.search(remedy.text) or "evaluate" in remedy.text or "container" in remedy.text
    foreign = OTHERS if is_foreign else set()
    assert set(FLAG.findall(remedy.text)) <= EVERY_FLAG | foreign
    for key, section in LINE.findall(remedy.text):
        sections = get_type_hints(Config)
        assert section in sections, f"[{section}]"
        assert key in sections[section].__struct_fields__, f"{key} below [{section}]"


def test_a_line_of_podium_toml_names_its_section() -> None:
    """Somebody who reads `key = value` has to know where it goes."""
    lines = [remedy for remedy in TYPED if re.search(r"`[a-z_]+ = ", remedy.text)]
    assert lines
    assert [remedy for remedy in lines if not LINE.search(remedy.text)] == []
