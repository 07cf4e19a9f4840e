"""A finished run directory, a running stand-in, and the boards pointed at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import huggingface_hub
import msgspec
import pytest
from huggingface_hub.utils.tqdm import disable_progress_bars
from tests.unit.boards.runs import MODEL, write_run

from podium.boards.fork.board import ForkBoard
from podium.boards.hub.eval_results import EvalResultsBoard
from podium.boards.hub.space import SpaceBoard
from podium.boards.seam import Clients, Targets
from podium.github import build_github
from podium.hub import build_hub
from podium.progress import SilentProgress
from podium.records import (
    Receipt,
    write_record,
)
from podium.standin.server import Standin
from podium.standin.world import BOT, FORK, LEADERBOARD, REVIEWER, Space, User, default_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from github import Github

    from podium.standin.faults import Fault
    from podium.standin.world import World

# An account that may write to the fork but is neither the bot nor the reviewer.
STRANGER = User(login="stranger", token="standin-stranger-token", scopes=["repo"])


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Write a finished run directory; called again it is another run in the same place."""

    def make(**options: object) -> Path:
        return write_run(tmp_path / "run", **options)  # type: ignore[arg-type]

    return make


class Stage:
    """A running stand-in and everything a test does to it."""

    def __init__(self, standin: Standin) -> None:
        self.standin = standin
        self.pauses: list[float] = []
        self._opened: list[Github] = []

    def environment(self, user: User = BOT, **more: str) -> dict[str, str]:
        return {
            "GITHUB_API_URL": self.standin.github_url,
            "PODIUM_FORK_TOKEN": user.token,
            "HF_ENDPOINT": self.standin.hub_url,
            "HF_TOKEN": user.token,
            **more,
        }

    def github(self, user: User = BOT) -> Github:
        client = build_github(self.environment(user))
        self._opened.append(client)
        return client

    def clients(self, user: User = BOT) -> Clients:
        return Clients(
            github=lambda: self.github(user), hub=lambda resource: build_hub(self.environment(user), resource)
        )

    def fork(self, user: User = BOT, **targets: object) -> ForkBoard:
        options = Targets(**{"fork": FORK, **targets})  # type: ignore[arg-type]
        return ForkBoard(options, self.clients(user), self.pauses.append)

    def space(self, user: User = BOT, space: str = LEADERBOARD) -> SpaceBoard:
        return SpaceBoard(Targets(fork=FORK, space=space), self.clients(user), self.pauses.append)

    def eval_results(self, user: User = BOT, *, force: bool = False) -> EvalResultsBoard:
        return EvalResultsBoard(Targets(fork=FORK, force=force), self.clients(user), self.pauses.append)

    def send_to_fork(self, run_dir: Path, user: User = BOT) -> Receipt:
        """Send and leave submit.json, as the stage does."""
        board = self.fork(user)
        receipt = board.send(board.prepare(run_dir), SilentProgress())
        write_record(run_dir / "submit.json", receipt)
        return receipt

    def review(self, number: int, event: str = "APPROVE", user: User = REVIEWER) -> None:
        self.github(user).get_repo(FORK).get_pull(number).create_review(body="Read.", event=event)

    def count(self, method: str, part: str) -> int:
        """How many requests of a method had `part` in their path."""
        return sum(request.method == method and part in request.path for request in self.standin.requests)

    def writes(self) -> list[str]:
        """Every request that could have changed something."""
        return [f"{request.method} {request.path}" for request in self.standin.requests if request.method != "GET"]

    def close(self) -> None:
        for client in self._opened:
            client.close()
        huggingface_hub.close_session()


@pytest.fixture
def open_stage(tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """Start a stand-in, with faults or another world if asked; state is kept between calls of one test."""
    disable_progress_bars()
    stages: list[Stage] = []

    def start(faults: Sequence[Fault] = (), world: World | None = None) -> Stage:
        for stage in stages:
            stage.close()
            stage.standin.stop()
        stages.clear()
        standin = Standin(tmp_path / "standin", world or stage_world(), faults=faults)
        standin.start()
        stages.append(Stage(standin))
        return stages[0]

    yield start
    for stage in stages:
        stage.close()
        stage.standin.stop()


def stage_world(**fork: object) -> World:
    """The default world with a third account and the model's repository; `fork` changes the fork's facts."""
    world = default_world()
    upstream, fork_repository = world.repositories
    changes: Mapping[str, object] = {"writers": [*fork_repository.writers, STRANGER.login], **fork}
    return msgspec.structs.replace(
        world,
        users=[*world.users, STRANGER],
        spaces=[*world.spaces, Space(id=MODEL.hub_id, kind="model")],
        repositories=[upstream, msgspec.structs.replace(fork_repository, **changes)],
    )


@pytest.fixture
def make_world() -> Callable[..., World]:
    """The default world with other facts of the fork."""
    return stage_world


@pytest.fixture
def stage(open_stage: Callable[..., Stage]) -> Stage:
    """A running stand-in with the default world."""
    return open_stage()
