"""podium merge: what is missing is named, not what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from podium.cli.merge import command
from podium.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_run_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    words = [str(tmp_path / "there"), str(tmp_path / "gone"), "-o", str(tmp_path / "whole")]
    error = CliRunner().invoke(command, words).exception
    assert isinstance(error, UsageError)
    assert str(error) == f"there is no run directory {tmp_path / 'gone'}"
    assert not (tmp_path / "whole").exists()


def test_a_name_that_nobody_gave_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        CliRunner().invoke(command, [str(tmp_path), "-o", str(tmp_path / "whole")], catch_exceptions=False)
    assert "--name" in caught.value.hint
