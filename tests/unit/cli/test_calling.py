"""What people are told to type works where they are: a podium that is not on the PATH is named by its place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from podium.cli.calling import as_called

HINT = "run `podium run --tag v1 --discard`, or podium validate runs/v1; podium.toml and podium itself stay"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a podium, which is not on the PATH."""
    script = tmp_path / "venv" / "bin" / "podium"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "elsewhere"))
    monkeypatch.setattr(sys, "argv", [str(script), "run"])
    return script


def test_a_podium_that_is_not_on_the_path_is_named_by_its_place(place: Path) -> None:
    said = f"run `{place} run --tag v1 --discard`, or {place} validate runs/v1; podium.toml and podium itself stay"
    assert as_called(HINT) == said


def test_a_podium_that_is_on_the_path_is_podium(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(place.parent))
    assert as_called(HINT) == HINT


def test_another_podium_on_the_path_is_not_this_one(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "elsewhere" / "podium"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    assert f"`{place} run" in as_called(HINT)


def test_a_place_with_a_blank_in_it_can_be_typed(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my venv").mkdir()
    script = place.rename(tmp_path / "my venv" / "podium")
    monkeypatch.setattr(sys, "argv", [str(script)])
    assert f"`'{script}' run --tag" in as_called(HINT)


@pytest.mark.parametrize("name", ["pytest", "__main__.py"])
def test_who_calls_podium_from_a_program_is_told_its_name(
    place: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(sys, "argv", [str(place.parent / name)])
    assert as_called(HINT) == HINT
