"""A planted token is looked for in everything that commands print and write, however they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.acceptance.workplace import Workplace
from tests.unit.boards.runs import MODEL

from podium.standin.faults import Fault
from podium.standin.server import Standin
from podium.standin.world import BOT, LEADERBOARD, Space, default_world

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

pytestmark = pytest.mark.world

PLANTED = "ghp_" + "P1anted9" * 5
VARIABLES = ("PODIUM_FORK_TOKEN", "GITHUB_TOKEN", "HF_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
EXCHANGED = "hf_jwt_standin"
NOBODY = "http://127.0.0.1:9"


class Searched:
    """A workplace whose only token is the planted one, and everything that was said in it."""

    def __init__(self, folder: Path, standin: Standin) -> None:
        self.work = Workplace(folder, standin)
        self.texts: list[str] = []
        self.ends: list[int] = []

    def podium(self, *arguments: str, **changes: str) -> int:
        tokens = dict.fromkeys(VARIABLES, PLANTED)
        summary = {"GITHUB_STEP_SUMMARY": str(self.work.folder / "summary.md"), "PODIUM_TRACEBACK": "1"}
        done = self.work.podium(*arguments, **{**tokens, **summary, **changes})
        self.texts += [done.stdout, done.stderr]
        self.ends.append(done.returncode)
        return done.returncode

    def found(self) -> list[str]:
        """Places where the token is, and every text searched must not be empty of meaning."""
        state = self.work.standin.store.folder
        written = [path for path in self.work.folder.rglob("*") if path.is_file() and state not in path.parents]
        texts = [*self.texts, *(path.read_bytes().decode(errors="replace") for path in written)]
        return [text for text in texts if PLANTED in text or EXCHANGED in text]


@pytest.fixture
def open_place(tmp_path: Path) -> Iterator[Searched]:
    world = default_world()
    bot = msgspec.structs.replace(BOT, token=PLANTED, publishes=[f"spaces/{LEADERBOARD}", MODEL.hub_id])
    spaces = [*world.spaces, Space(id=MODEL.hub_id, kind="model")]
    world = msgspec.structs.replace(world, users=[bot, *world.users[1:]], spaces=spaces)
    with Standin(tmp_path / "standin", world) as standin:
        yield Searched(tmp_path, standin)


def test_planted_token_is_in_no_output_of_the_ordinary_way(open_place: Searched) -> None:
    place = open_place
    identity = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{place.work.standin.url}/actions/id-token"}
    place.podium("submit", "runs/v1", "--plan-only", "-o", "plan.json")
    place.podium("submit", "runs/v1", "--plan", "plan.json")
    place.work.approve(1)
    place.podium("publish", "runs/v1", "--plan-only")
    place.podium("publish", "runs/v1", "--eval-results")
    place.podium("publish", "runs/v1", "--eval-results", **identity)
    place.podium("validate", "runs/v1", "--format", "github")
    place.podium("submit", "runs/v1", "--withdraw")
    assert place.ends == [0, 0, 0, 0, 0, 1, 0]
    assert (place.work.folder / "summary.md").exists()
    assert place.found() == []


def test_planted_token_is_in_no_output_of_doctor_and_plan(open_place: Searched) -> None:
    place = open_place
    for arguments in (
        ["doctor", "--json", "--languages", "py"],
        ["plan", "--tag", "v1"],
        ["plan", "--tag", "v1", "-x"],
    ):
        place.podium(*arguments)
    assert place.ends[1:] == [4, 2]
    assert place.found() == []


# What the boards answer, how the command then ends: one case a kind of failure, some with the token in the answer.
FAILURES: dict[str, tuple[Sequence[Fault], dict[str, str], int]] = {
    "unknown token": ([Fault(path=".", status=401, times=99, body={"message": f"no {PLANTED}"})], {}, 14),
    "no right": ([Fault(path="/git/blobs", status=403, times=9, body={"message": f"not for {PLANTED}"})], {}, 15),
    "refused": ([Fault(path="/git/blobs", status=422, times=9, body={"message": f"odd {PLANTED}"})], {}, 9),
    "server error": ([Fault(path="/git/", status=500, times=99, body={"message": f"oops {PLANTED}"})], {}, 11),
    "odd shape": ([Fault(path="/repos/", status=200, times=99, body=f"<html>{PLANTED}")], {}, 11),
    "nobody answers": ([], {"GITHUB_API_URL": f"{NOBODY}/api/v3"}, 11),
    "address with the token in it": ([], {"GITHUB_API_URL": f"https://{PLANTED}@example.org"}, 2),
    "token with a blank": ([], {"PODIUM_FORK_TOKEN": f"{PLANTED} {PLANTED}"}, 10),
}
HUB_FAILURES: dict[str, tuple[Sequence[Fault], dict[str, str], int]] = {
    "unknown token": ([Fault(path="/whoami", status=401, times=9, body={"error": f"no {PLANTED}"})], {}, 14),
    "no right": ([Fault(path="/commit/main", status=403, times=9, body={"error": f"not for {PLANTED}"})], {}, 15),
    "refused": ([Fault(path="/commit/main", status=400, times=9, body={"error": f"odd {PLANTED}"})], {}, 9),
    "odd shape": ([Fault(path="/discussions", status=200, times=9, body=f"<html>{PLANTED}")], {}, 11),
    "nobody answers": ([], {"HF_ENDPOINT": NOBODY}, 11),
    "no trusted publisher": ([], {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{NOBODY}/id"}, 11),
}


@pytest.mark.parametrize("name", FAILURES)
def test_planted_token_is_in_no_failure_of_submit(open_place: Searched, name: str) -> None:
    faults, changes, code = FAILURES[name]
    open_place.work.standin.inject(faults)
    assert open_place.podium("submit", "runs/v1", **changes) == code
    assert open_place.found() == []


@pytest.mark.parametrize("name", HUB_FAILURES)
def test_planted_token_is_in_no_failure_of_publish(open_place: Searched, name: str) -> None:
    open_place.podium("submit", "runs/v1")
    open_place.work.approve(1)
    faults, changes, code = HUB_FAILURES[name]
    open_place.work.standin.inject(faults)
    assert open_place.podium("publish", "runs/v1", **changes) == code
    assert open_place.found() == []


def test_the_search_finds_a_token_that_is_there(open_place: Searched) -> None:
    (open_place.work.run_dir / "notes.txt").write_text(f"token: {PLANTED}")
    assert len(open_place.found()) == 1
