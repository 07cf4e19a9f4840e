"""Kill or disturb an outward stage at one of its calls, on a fresh copy of a prepared world, and look what is there."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import httpx2
import huggingface_hub
import requests
from tests.unit.boards.runs import MODEL

from podium.boards import submit, withdraw
from podium.boards.fork.board import ForkBoard
from podium.boards.hub.eval_results import EvalResultsBoard
from podium.boards.hub.space import SpaceBoard
from podium.boards.seam import Board, Clients, Targets
from podium.errors import PodiumError
from podium.github import build_github
from podium.hub import build_hub
from podium.progress import SilentProgress
from podium.standin.faults import Fault
from podium.standin.server import Standin
from podium.standin.world import BOT, FORK, LEADERBOARD, REVIEWER, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pytest

    from podium.records import Receipt
    from podium.standin.gitstore import GitRepository
    from podium.standin.server import Recorded

BRANCH = f"podium/{MODEL.folder}"
FOLDER = f"community_results/{MODEL.folder}"
# What a scenario disturbs: the stage it belongs to and the board; and on the Hub, where that is.
BOARDS: dict[str, tuple[Literal["submit", "publish"], Any]] = {
    "submit": ("submit", ForkBoard),
    "publish": ("publish", SpaceBoard),
    "eval-results": ("publish", EvalResultsBoard),
}
HUB = {"publish": f"spaces/{LEADERBOARD}", "eval-results": f"models/{MODEL.hub_id}"}
HUB_FOLDERS = {HUB["publish"]: FOLDER, HUB["eval-results"]: ".eval_results"}
LIMITED = {"message": "You have exceeded a secondary rate limit. Please wait."}
NOW = {"Retry-After": "0"}
# Each is what happens to one call; `landed` and `lost` let it take effect and hide that.
FAULTS: dict[str, dict[str, Any]] = {
    "401": {"status": 401, "body": {"message": "Bad credentials"}},
    "403 secondary limit": {"status": 403, "body": LIMITED, "headers": NOW},
    "404 lag": {"status": 404, "body": {"message": "Not Found"}},
    "409": {"status": 409, "body": {"message": "Conflict"}},
    "422": {"status": 422, "body": {"message": "Validation Failed"}},
    "429": {"status": 429, "body": LIMITED, "headers": NOW},
    "500": {"status": 500, "body": {"message": "Server Error"}},
    "502 landed": {"status": 502, "when": "after"},
    "504": {"status": 504},
    "504 landed": {"status": 504, "when": "after"},
    "dropped": {"action": "drop_before"},
    "lost": {"action": "drop_after"},
}
DEATHS = ("death before", "death after")


class Death(BaseException):
    """The process is gone at this point; nothing below catches it."""


class Wire:
    """Counts the calls that leave this process and dies at one of them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.calls, self.at, self.when = 0, 0, ""
        patch.setattr(requests.adapters.HTTPAdapter, "send", self._wrap(requests.adapters.HTTPAdapter.send))
        patch.setattr(httpx2.HTTPTransport, "handle_request", self._wrap(httpx2.HTTPTransport.handle_request))

    def die(self, at: int, when: str) -> None:
        self.calls, self.at, self.when = 0, at, when

    def _wrap(self, send: Callable[..., Any]) -> Callable[..., Any]:
        def sent(*arguments: Any, **options: Any) -> Any:
            self.calls += 1
            if self.calls == self.at and self.when == "death before":
                raise Death
            answer = send(*arguments, **options)
            if self.calls == self.at and self.when == "death after":
                raise Death
            return answer

        return sent


class Look(NamedTuple):
    """What a board shows: numbers of all and of open pull requests, the open one's texts and files, all branches."""

    numbers: list[int]
    open_numbers: list[int]
    title: str
    text: str
    files: Mapping[str, str]
    branches: list[str]


class Place:
    """A stand-in on a copy of a prepared state, and the two stages pointed at it."""

    def __init__(self, folder: Path, world: World, prepared: Path | None = None) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        if prepared is not None:
            shutil.copytree(prepared, folder, symlinks=True)
        self.standin = Standin(folder, world)
        ticks = count()
        # Every look at the clock is another second: commits made twice are two commits.
        self.standin.store.set_clock(lambda: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=next(ticks)))
        self.standin.start()
        self.report = SilentProgress()

    def environment(self, token: str = BOT.token) -> dict[str, str]:
        return {
            "GITHUB_API_URL": self.standin.github_url,
            "PODIUM_FORK_TOKEN": token,
            "HF_ENDPOINT": self.standin.hub_url,
            "HF_TOKEN": token,
        }

    def run(self, name: str, run_dir: Path, *, closes: bool = False) -> Receipt:
        client = build_github(self.environment())
        targets = Targets(fork=FORK, space=LEADERBOARD, labels=("leaderboard",))
        clients = Clients(github=lambda: client, hub=lambda resource: build_hub(self.environment(), resource))
        stage, kind = BOARDS[name]
        board: Board = kind(targets, clients, lambda _: None)
        try:
            return (withdraw if closes else submit)(stage, board, run_dir, self.report)
        finally:
            client.close()

    def approve(self, number: int) -> None:
        client = build_github(self.environment(REVIEWER.token))
        client.get_repo(FORK).get_pull(number).create_review(body="Read.", event="APPROVE")
        client.close()

    def look(self, stage: str) -> Look:
        return self._fork() if stage == "submit" else self._hub(HUB[stage])

    def _fork(self) -> Look:
        repository = self.standin.store.state.repositories[FORK]
        git = self.standin.store.git(repository)
        opened = [pull for pull in repository.pulls if pull.state == "open"]
        return Look(
            numbers=[pull.number for pull in repository.pulls],
            open_numbers=[pull.number for pull in opened],
            title=opened[0].title if opened else "",
            text=(opened[0].body or "") if opened else "",
            files=blobs(git, opened[0].head_sha) if opened else {},
            branches=sorted(name.removeprefix("refs/heads/") for name in git.refs("refs/heads/")),
        )

    def _hub(self, key: str) -> Look:
        repository = self.standin.store.state.hub[key]
        git = self.standin.store.hub_git(repository)
        opened = [item for item in repository.discussions if item.status == "open"]
        number = opened[0].number if opened else 0
        return Look(
            numbers=[item.number for item in repository.discussions],
            open_numbers=[item.number for item in opened],
            title=opened[0].title if opened else "",
            text=opened[0].events[0].data["latest"]["raw"] if opened else "",
            files=blobs(git, git.ref(f"refs/pr/{number}") or "", HUB_FOLDERS[key]) if opened else {},
            branches=sorted(git.refs("refs/")),
        )

    def stop(self) -> None:
        huggingface_hub.close_session()
        self.standin.stop()


def blobs(git: GitRepository, commit: str, folder: str = FOLDER) -> dict[str, str]:
    listed = git.entries(commit, recursive=True, path=f"{folder}/")
    return {entry.path.removeprefix(f"{folder}/"): entry.sha for entry in listed if entry.kind == "blob"}


def disturb(place: Place, wire: Wire, at: int, fault: str) -> None:
    """Arrange for call `at` to fail in the named way."""
    if fault in DEATHS:
        wire.die(at, fault)
    else:
        place.standin.inject([Fault(path=".", nth=at, **FAULTS[fault])])


def heal(place: Place, wire: Wire) -> None:
    """Let everything work again."""
    wire.die(0, "")
    place.standin.inject([])


def attempt(place: Place, stage: str, run_dir: Path, *, closes: bool) -> Receipt | None:
    """One run; None when it ended in an error of ours or in death."""
    try:
        return place.run(stage, run_dir, closes=closes)
    except (PodiumError, Death):
        return None


def positions(requests: Sequence[Recorded]) -> list[int]:
    """The calls worth disturbing, from 1; of calls that repeat one after the other, the first and the last."""
    names = [(request.method, request.path) for request in requests]
    ends = [None, *names, None]
    return [at for at in range(1, len(names) + 1) if (ends[at - 1], ends[at + 1]) != (ends[at], ends[at])]


def cases(calls: Sequence[int], faults: tuple[str, ...], step: int = 1) -> Iterator[tuple[int, str]]:
    """Every call with every fault; with a step, each fault at every so manieth call, all calls covered by some."""
    for offset, fault in enumerate(faults):
        for at in calls[offset % step :: step]:
            yield at, fault
