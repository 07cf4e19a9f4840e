"""Forks, upstreams, Spaces, branches and accounts that have another name now: still the same one pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.unit.boards.conftest import stage_world
from tests.unit.boards.runs import MODEL
from tests.unit.boards.stages import approved, hub

from podium.boards import submit, withdraw
from podium.errors import ApprovalError, BaseMissingError
from podium.progress import SilentProgress
from podium.standin.faults import Fault
from podium.standin.moves import rename_hub, rename_user
from podium.standin.world import BOT, FORK, LEADERBOARD, REVIEWER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.world

NEW = "paiml/leaderboard-fork"
OWNER = "elsewhere"


def send(stage: Any, run_dir: Path, **targets: object) -> Any:
    return submit("submit", stage.fork(**targets), run_dir, SilentProgress())


def publish(stage: Any, run_dir: Path, **targets: str) -> Any:
    return submit("publish", stage.space(**targets), run_dir, SilentProgress())


def rename(stage: Any, name: str = NEW) -> None:
    """As its owner does, over the API."""
    owner, _, short = name.partition("/")
    repository = stage.github().get_repo(FORK)
    if owner == FORK.split("/")[0]:
        repository.edit(name=short)
    else:
        repository._requester.requestJsonAndCheck(
            "POST", f"{repository.url}/transfer", input={"new_owner": owner, "new_name": short}
        )


@pytest.mark.parametrize("name", [NEW, f"{OWNER}/bigcode-models-leaderboard"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_renamed_or_moved_fork_goes_on_with_the_same_pull_request(
    stage: Any, make_run: Callable[..., Path], name: str, when: str
) -> None:
    run_dir = make_run()
    if when == "before":
        rename(stage, name)
    first = send(stage, run_dir)
    if when == "after":
        rename(stage, name)
    again = send(stage, run_dir)
    assert (first.outcome, again.outcome, again.number) == ("created", "unchanged", first.number)
    assert any(name in note and FORK in note for note in again.notes)
    writers = stage.standin.store.state.repositories[name].writers
    assert REVIEWER.login in writers
    stage.github(REVIEWER).get_repo(name).get_pull(1).create_review(body="Read.", event="APPROVE")
    published = publish(stage, run_dir)
    assert published.outcome == "created"
    assert send(stage, make_run(text="second", tag="v2")).outcome == "updated"
    taken = withdraw("submit", stage.fork(), run_dir, SilentProgress())
    assert (taken.outcome, taken.number) == ("closed", first.number)
    assert taken.url.endswith(f"{name}/pull/1")


def test_writes_and_reads_never_use_the_old_name_again(stage: Any, make_run: Callable[..., Path]) -> None:
    rename(stage)
    stage.standin.requests.clear()
    send(stage, make_run())
    old = [request for request in stage.standin.requests if f"/repos/{FORK}" in request.path]
    assert {(request.method, request.status) for request in old} == {("GET", 301)}


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_any_redirect_of_the_first_look_is_followed(
    open_stage: Any, make_run: Callable[..., Path], status: int
) -> None:
    stage = open_stage()
    number = stage.standin.store.state.repositories[FORK].id
    address = f"{stage.standin.github_url}/repositories/{number}"
    body = {"message": "Moved Permanently", "url": address}
    stage.standin.inject(
        [Fault(method="GET", path=f"/repos/{FORK}$", status=status, body=body, headers={"Location": address}, times=9)]
    )
    assert send(stage, make_run()).outcome == "created"


def test_a_fork_of_an_upstream_that_was_renamed_is_still_its_fork(stage: Any, make_run: Callable[..., Path]) -> None:
    upstream = stage.standin.store.state.repositories[LEADERBOARD]
    upstream.writers.append(BOT.login)
    stage.github().get_repo(LEADERBOARD).edit(name="code-leaderboard")
    assert send(stage, make_run(), upstream=LEADERBOARD).outcome == "created"


def test_a_fork_that_the_owner_has_under_another_name_is_taken(open_stage: Any, make_run: Callable[..., Path]) -> None:
    world = stage_world()
    fork = msgspec.structs.replace(world.repositories[1], full_name=f"{BOT.login}/boards")
    stage = open_stage(world=msgspec.structs.replace(world, repositories=[world.repositories[0], fork]))
    wanted = f"{BOT.login}/bigcode-models-leaderboard"
    receipt = send(stage, make_run(), fork=wanted, upstream=LEADERBOARD, create_fork=True)
    assert receipt.outcome == "created"
    assert f"/{BOT.login}/boards/pull/" in receipt.url


def test_a_renamed_base_is_followed_and_the_pull_request_stays(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    first = send(stage, run_dir)
    stage.github().get_repo(FORK).rename_branch("main", "trunk")
    again = send(stage, run_dir)
    assert (again.outcome, again.number) == ("unchanged", first.number)
    assert any("main is trunk now" in note for note in again.notes)
    assert send(stage, make_run(text="second", tag="v2")).outcome == "updated"
    assert withdraw("submit", stage.fork(), run_dir, SilentProgress()).number == first.number


def test_a_base_that_never_was_is_still_missing(stage: Any, make_run: Callable[..., Path]) -> None:
    with pytest.raises(BaseMissingError):
        send(stage, make_run(), base="gone")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_renamed_space_goes_on_with_the_same_pull_request(
    stage: Any, make_run: Callable[..., Path], when: str
) -> None:
    run_dir = approved(stage, make_run())
    repository = stage.standin.store.state.hub[f"spaces/{LEADERBOARD}"]
    if when == "before":
        rename_hub(stage.standin.store, repository, "bigcode/code-leaderboard")
    first = publish(stage, run_dir)
    if when == "after":
        rename_hub(stage.standin.store, repository, "bigcode/code-leaderboard")
    again = publish(stage, run_dir)
    assert (first.outcome, again.outcome, again.number) == ("created", "unchanged", first.number)
    assert any("is bigcode/code-leaderboard now" in note for note in again.notes)
    assert "bigcode/code-leaderboard" in again.url
    taken = withdraw("publish", stage.space(), run_dir, SilentProgress())
    assert (taken.outcome, taken.number) == ("closed", first.number)


def test_a_renamed_model_repository_takes_its_results(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    repository = stage.standin.store.state.hub[f"models/{MODEL.hub_id}"]
    rename_hub(stage.standin.store, repository, "acme/Tiny-1-final")
    board = stage.eval_results()
    receipts = [submit("publish", board, run_dir, SilentProgress()) for _ in range(2)]
    assert [receipt.outcome for receipt in receipts] == ["created", "unchanged"]
    assert len(list(hub(stage).get_repo_discussions("acme/Tiny-1-final"))) == 1


@pytest.mark.parametrize("login", [BOT.login, REVIEWER.login])
def test_a_renamed_account_is_the_same_account(stage: Any, make_run: Callable[..., Path], login: str) -> None:
    run_dir = approved(stage, make_run())
    rename_user(stage.standin.store, login, "renamed")
    assert send(stage, run_dir).outcome == "unchanged"
    assert publish(stage, run_dir).outcome == "created"
    assert send(stage, make_run(text="second", tag="v2")).outcome == "updated"
    with pytest.raises(ApprovalError, match="changed after"):
        publish(stage, run_dir)
