"""The command line in an empty folder, for every acceptance test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.acceptance.command import Podium

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def podium(tmp_path: Path) -> Podium:
    """The command line in an empty folder."""
    return Podium(tmp_path)
