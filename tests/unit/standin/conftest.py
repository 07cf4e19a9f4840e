"""A running stand-in and the real clients pointed at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import huggingface_hub
import pytest
from github import Auth, Github
from huggingface_hub import HfApi, constants
from huggingface_hub.utils.tqdm import disable_progress_bars

from podium.standin.server import Standin
from podium.standin.world import BOT, default_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Standin]:
    with Standin(tmp_path / "state", default_world()) as running:
        yield running


@pytest.fixture
def github() -> Iterator[Callable[..., Github]]:
    """Make PyGithub clients without retries and pauses."""
    made = []

    def make(standin: Standin, token: str = BOT.token) -> Github:
        client = Github(
            auth=Auth.Token(token),
            base_url=standin.github_url,
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., HfApi]]:
    """Make huggingface_hub clients that use the classic large-file protocol."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    disable_progress_bars()

    def make(standin: Standin, token: str = BOT.token) -> HfApi:
        return HfApi(endpoint=standin.hub_url, token=token)

    yield make
    huggingface_hub.close_session()
