"""The stand-in of every test of sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import huggingface_hub
import pytest
from tests.unit.sources.places import CHECKPOINT, NAMES, OWNER, REPOSITORY, STRANGER, Place

from podium.standin.server import Standin
from podium.standin.world import Repository, Space, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    world = World(
        users=[OWNER, STRANGER],
        repositories=[Repository(full_name=REPOSITORY, files={"README.md": "# small\n"})],
        spaces=[
            Space(id=REPOSITORY, kind="model"),
            Space(id="acme/gated", kind="model", is_gated=True, files={"config.json": "{}"}),
            Space(id="acme/private", kind="model", is_private=True, files={"config.json": "{}"}),
        ],
    )
    with Standin(tmp_path / "state", world) as standin:
        yield Place(standin, tmp_path)
    huggingface_hub.close_session()


@pytest.fixture
def wanted() -> dict[str, bytes]:
    """What a fetched checkpoint must hold."""
    return {name: (CHECKPOINT / name).read_bytes() for name in NAMES}
