"""Releases that follow each other, submissions taken back, forks made and synced, plans applied: on the stand-in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.unit.boards.conftest import stage_world

from podium.boards import plan_only, submit
from podium.errors import BoardError, OlderReleaseError, StalePlanError
from podium.progress import SilentProgress
from podium.standin.world import BOT, FORK, LEADERBOARD
from podium.submission.package import pack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.world

BRANCH = "podium/acme_Tiny-1_ann"
WORKFLOW = {".github/workflows/x.yml": "on: push\n"}


def stored(stage: Any) -> list[Any]:
    pulls: list[Any] = stage.standin.store.state.repositories[FORK].pulls
    return pulls


def branches(stage: Any) -> list[str]:
    return sorted(branch.name for branch in stage.github().get_repo(FORK).get_branches())


def send(stage: Any, run_dir: Path, **targets: object) -> Any:
    return submit("submit", stage.fork(**targets), run_dir, SilentProgress())


def test_newer_release_takes_the_open_pull_request_and_links_what_it_held(
    stage: Any, make_run: Callable[..., Path]
) -> None:
    first = send(stage, make_run())
    second = send(stage, make_run(text="second", tag="v2"))
    (pull,) = stored(stage)
    assert (second.outcome, second.number, second.release, second.replaces) == ("updated", first.number, "v2", "v1")
    (comment,) = pull.comments
    assert "`v2` takes the place of `v1`" in comment.body
    assert first.head in comment.body


def test_older_release_is_refused_and_nothing_written(stage: Any, make_run: Callable[..., Path]) -> None:
    send(stage, make_run(text="second", tag="v2"))
    stage.standin.requests.clear()
    with pytest.raises(OlderReleaseError, match="holds the release v2, and v1 is older") as caught:
        send(stage, make_run())
    assert "--force" in caught.value.hint
    assert stage.writes() == []
    assert send(stage, make_run(), force=True).outcome == "updated"


def test_older_release_is_refused_after_the_newer_was_merged(stage: Any, make_run: Callable[..., Path]) -> None:
    number = send(stage, make_run(text="second", tag="v2")).number
    stage.github().get_repo(FORK).get_pull(number).merge()
    with pytest.raises(OlderReleaseError):
        send(stage, make_run())


def test_release_after_a_merge_links_the_merged_pull_request(stage: Any, make_run: Callable[..., Path]) -> None:
    number = send(stage, make_run()).number
    stage.github().get_repo(FORK).get_pull(number).merge()
    send(stage, make_run(text="second", tag="v2"))
    assert f"This follows #{number}, the release `v1`." in [comment.body for comment in stored(stage)[1].comments]


def test_another_base_takes_the_open_pull_request_along(stage: Any, make_run: Callable[..., Path]) -> None:
    first = send(stage, make_run())
    stage.standin.commit(FORK, {}, branch="develop")
    second = send(stage, make_run(text="second", tag="v2"), base="develop")
    (pull,) = stored(stage)
    assert (second.outcome, second.number, pull.base) == ("updated", first.number, "develop")
    assert any("develop" in note for note in second.notes)


def test_own_pull_request_from_another_branch_is_closed_with_a_link(stage: Any, make_run: Callable[..., Path]) -> None:
    first = send(stage, make_run())
    repository = stage.github().get_repo(FORK)
    repository.create_git_ref("refs/heads/podium/earlier", first.head)
    body = repository.get_pull(first.number).body
    repository.create_pull(base="main", head="podium/earlier", title=repository.get_pull(1).title, body=body)
    second = send(stage, make_run(text="second", tag="v2"))
    new, old = stored(stage)
    assert (old.state, new.state) == ("closed", "open")
    assert [comment.body for comment in old.comments] == [f"Superseded by #{second.number}."]


def test_withdrawn_submission_is_closed_and_may_come_back(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir, board = make_run(), stage.fork()
    number = send(stage, run_dir).number
    receipt = board.withdraw(pack(run_dir), SilentProgress())
    assert (receipt.outcome, receipt.number) == ("closed", number)
    assert branches(stage) == ["main"]
    assert board.withdraw(pack(run_dir), SilentProgress()).outcome == "unchanged"
    again = send(stage, run_dir)
    assert (again.outcome, again.number) == ("created", number + 1)


def test_withdrawing_spares_the_commit_of_a_human(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    send(stage, run_dir)
    stage.standin.commit(FORK, {"x": "y"}, branch=BRANCH, author="reviewer")
    with pytest.raises(BoardError, match="did not make"):
        stage.fork().withdraw(pack(run_dir), SilentProgress())
    assert stored(stage)[0].state == "open"


def test_missing_fork_is_made_and_waited_for(open_stage: Any, make_run: Callable[..., Path]) -> None:
    world = stage_world()
    stage = open_stage(world=msgspec.structs.replace(world, repositories=world.repositories[:1]))
    name = f"{BOT.login}/bigcode-models-leaderboard"
    options = {"fork": name, "upstream": LEADERBOARD, "create_fork": True}
    receipt = send(stage, make_run(), **options)
    assert receipt.outcome == "created"
    assert receipt.notes == [f"forked {LEADERBOARD} as {name}"]
    assert stage.count("POST", "/forks") == 1
    assert send(stage, make_run(), **options).outcome == "unchanged"


def test_stale_fork_gets_a_pull_request_of_our_files_alone(stage: Any, make_run: Callable[..., Path]) -> None:
    for number in range(3):
        stage.standin.commit(LEADERBOARD, {**WORKFLOW, "n.txt": str(number)})
    run_dir = make_run()
    receipt = send(stage, run_dir)
    files = stage.github().get_repo(FORK).get_pull(receipt.number).get_files()
    assert all(file.filename.startswith("community_results/") for file in files)


def test_sync_brings_the_base_up_and_says_so(stage: Any, make_run: Callable[..., Path]) -> None:
    head = stage.standin.commit(LEADERBOARD, {"new.txt": "x"})
    receipt = send(stage, make_run(), sync=True)
    assert receipt.notes[0].startswith("synced main: Successfully")
    assert stage.github().get_repo(FORK).get_git_ref("heads/main").object.sha == head


def test_sync_without_the_workflow_scope_goes_on_from_the_forks_own_base(
    open_stage: Any, make_run: Callable[..., Path]
) -> None:
    world = stage_world()
    users = [msgspec.structs.replace(user, scopes=["repo"]) for user in world.users]
    stage = open_stage(world=msgspec.structs.replace(world, users=users))
    stage.standin.commit(LEADERBOARD, WORKFLOW)
    receipt = send(stage, make_run(), sync=True)
    assert receipt.outcome == "created"
    assert "main stays as it is" in receipt.notes[0]
    assert "`workflow` scope" in receipt.notes[0]


def test_plan_names_every_byte_and_is_applied(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    plan = plan_only(stage.fork(), run_dir)
    digests = {step.call: (step.size_bytes, step.sha256) for step in plan.steps}
    for file in plan.files:
        assert digests[f"POST git/blobs {file.path}"] == (file.size_bytes, file.sha256)
    assert plan.steps[-1].call == f"POST pulls {BRANCH}"
    assert submit("submit", stage.fork(), run_dir, SilentProgress(), plan).outcome == "created"


@pytest.mark.parametrize("moves", ["base", "files", "text", "pull"])
def test_plan_for_a_world_that_moved_is_refused(stage: Any, make_run: Callable[..., Path], moves: str) -> None:
    send(stage, make_run())
    run_dir = make_run(text="second")
    plan = plan_only(stage.fork(), run_dir)
    if moves == "base":
        stage.standin.commit(FORK, {"README.md": "moved\n"})
    elif moves == "pull":
        stage.github().get_repo(FORK).get_pull(1).edit(title="Edited")
    else:
        make_run(text="third" if moves == "files" else "second", body="Other words")
    stage.standin.requests.clear()
    with pytest.raises(StalePlanError, match="the plan is stale") as caught:
        submit("submit", stage.fork(), run_dir, SilentProgress(), plan)
    assert "--plan-only -o" in caught.value.hint
    assert stage.writes() == []
