"""A plan names every write that follows it, in order, for sending and for taking back; and what will be closed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.unit.boards.conftest import stage_world
from tests.unit.boards.stages import approved

from podium.boards import plan_only, plan_withdrawal, preview, submit, withdraw
from podium.errors import (
    ApprovalError,
    ForkMissingError,
    OlderReleaseError,
    StalePlanError,
    TokenScopeError,
    UsageError,
)
from podium.progress import SilentProgress
from podium.standin.world import BOT, FORK, LEADERBOARD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.world

BRANCH = "podium/acme_Tiny-1_ann"
# What a write is called in a plan: pattern of method and path, and the planned call.
NAMES = (
    (r"POST repos/[^/]+/[^/]+/forks", "POST repos/{upstream}/forks"),
    (r"POST .*/merge-upstream", "POST merge-upstream"),
    (r"POST .*/git/blobs", "POST git/blobs"),
    (r"POST .*/git/(trees|commits)", r"POST git/\1"),
    (r"POST .*/git/refs", "POST git/refs"),
    (r"(PATCH|DELETE) .*/git/refs/heads/.*", r"\1 git/refs"),
    (r"POST .*/pulls", "POST pulls"),
    (r"PATCH .*/pulls/(\d+)", r"PATCH pulls/\1"),
    (r"POST .*/issues/\d+/labels", "POST labels"),
    (r"POST .*/requested_reviewers", "POST reviewers"),
    (r"POST .*/issues/(\d+)/comments", "POST comments"),
    (r"POST .*/commit/main.*", "POST commit/main"),
    (r"POST .*/commit/refs%2Fpr%2F(\d+).*", r"POST commit/refs/pr/\1"),
    (r"POST .*/discussions/(\d+)/comment/\w+/edit", r"POST discussions/\1/edit"),
    (r"POST .*/discussions/(\d+)/status", r"POST discussions/\1/status"),
)


def written(stage: Any) -> list[str]:
    """The writes that arrived; uploads of files one after the other count as one, and so does asking where to."""
    found: list[str] = []
    for write in stage.writes():
        text = write.replace("/api/v3/", "")
        named = next((re.sub(pattern, name, text) for pattern, name in NAMES if re.fullmatch(pattern, text)), "")
        if named and found[-1:] != [named] and "preupload" not in text:
            found.append(named)
    return found


def planned(calls: list[str]) -> list[str]:
    """The calls of a plan in the same words."""
    short = [
        (r"POST repos/.*/forks", "POST repos/{upstream}/forks"),
        (r"POST merge-upstream .*", "POST merge-upstream"),
        (r"POST git/blobs x \d+", "POST git/blobs"),
        (r"(POST|PATCH) git/refs heads/.*", r"\1 git/refs"),
        (r"DELETE git/refs/heads/.*", "DELETE git/refs"),
        (r"POST pulls .*", "POST pulls"),
        (r"PATCH pulls/(\d+)( closed)?", r"PATCH pulls/\1"),
        (r"POST (labels|reviewers) .*", r"POST \1"),
        (r"POST issues/(\d+/)?comments", "POST comments"),
        (r"POST commit/main.*", "POST commit/main"),
        (r"POST commit/(refs/pr/\d+) .*", r"POST commit/\1"),
        (r"POST discussions/(\d+)/comment/\w+/edit", r"POST discussions/\1/edit"),
        (r"POST discussions/(\d+)/status closed", r"POST discussions/\1/status"),
    ]
    return [
        next((re.sub(pattern, name, call) for pattern, name in short if re.fullmatch(pattern, call)), call)
        for call in calls
    ]


def first(stage: Any, make_run: Any) -> None:
    submit("submit", stage.fork(), make_run(), SilentProgress())


def merged(stage: Any, make_run: Any) -> None:
    first(stage, make_run)
    stage.github().get_repo(FORK).get_pull(1).merge()


def elsewhere(stage: Any, make_run: Any) -> None:
    first(stage, make_run)
    repository = stage.github().get_repo(FORK)
    pull = repository.get_pull(1)
    repository.create_git_ref("refs/heads/podium/earlier", pull.head.sha)
    repository.create_pull(base="main", head="podium/earlier", title=pull.title, body=pull.body)


def behind(stage: Any, make_run: Any) -> None:
    stage.standin.commit(LEADERBOARD, {"new.txt": "x"})


def led_away(stage: Any, make_run: Any) -> None:
    first(stage, make_run)
    stage.standin.commit(FORK, {}, branch="develop")
    stage.github().get_repo(FORK).get_pull(1).edit(base="develop")


def nothing(stage: Any, make_run: Any) -> None:
    """The first submission of a model."""


@pytest.mark.parametrize(
    ("before", "targets"),
    [
        (nothing, {}),
        (nothing, {"labels": ("x",), "reviewers": ("reviewer",)}),
        (first, {}),
        (first, {"labels": ("x",)}),
        (merged, {}),
        (elsewhere, {}),
        (behind, {"sync": True}),
        (led_away, {}),
    ],
)
def test_the_fork_is_written_to_as_planned(
    stage: Any, make_run: Callable[..., Path], before: Any, targets: dict[str, Any]
) -> None:
    before(stage, make_run)
    run_dir = make_run(text="second", tag="v2")
    plan = plan_only(stage.fork(**targets), run_dir)
    stage.standin.requests.clear()
    receipt = submit("submit", stage.fork(**targets), run_dir, SilentProgress())
    assert written(stage) == planned(plan.calls)
    assert (receipt.outcome, receipt.replaces) == (plan.outcome, plan.replaces)


def test_a_fork_that_is_to_be_made_is_planned_whole(open_stage: Any, make_run: Callable[..., Path]) -> None:
    world = stage_world()
    stage = open_stage(world=msgspec.structs.replace(world, repositories=world.repositories[:1]))
    targets = {"fork": f"{BOT.login}/bigcode-models-leaderboard", "upstream": LEADERBOARD, "create_fork": True}
    run_dir = make_run()
    plan = plan_only(stage.fork(**targets, labels=("x",)), run_dir)
    assert plan.calls[0] == f"POST repos/{LEADERBOARD}/forks"
    assert len(plan.steps) == 9
    stage.standin.requests.clear()
    submit("submit", stage.fork(**targets, labels=("x",)), run_dir, SilentProgress())
    assert written(stage) == planned(plan.calls)


@pytest.mark.parametrize("changed", [False, True])
def test_the_space_is_written_to_as_planned(stage: Any, make_run: Callable[..., Path], changed: bool) -> None:
    run_dir = approved(stage, make_run())
    if changed:
        submit("publish", stage.space(), run_dir, SilentProgress())
        run_dir = approved(stage, make_run(text="second", tag="v2"))
    plan = plan_only(stage.space(), run_dir)
    stage.standin.requests.clear()
    submit("publish", stage.space(), run_dir, SilentProgress())
    assert written(stage) == planned(plan.calls)


def test_taking_back_is_previewed_and_names_what_it_closes(stage: Any, make_run: Callable[..., Path]) -> None:
    first(stage, make_run)
    run_dir = make_run(text="second", tag="v2")
    submit("submit", stage.fork(), run_dir, SilentProgress())
    old = make_run()
    stage.standin.requests.clear()
    plan = plan_withdrawal(stage.fork(), old)
    assert stage.writes() == []
    assert (plan.outcome, plan.reason) == ("closed", "it held the release v2, not v1")
    assert plan.url.endswith("/pull/1")
    assert plan.calls == ["PATCH pulls/1 closed", f"DELETE git/refs/heads/{BRANCH}"]
    receipt = withdraw("submit", stage.fork(), old, SilentProgress(), plan)
    assert written(stage) == planned(plan.calls)
    assert (receipt.number, receipt.reason, receipt.replaces) == (1, plan.reason, "v2")
    assert receipt.notes == [f"deleted the branch {BRANCH}"]
    assert plan_withdrawal(stage.fork(), old).calls == []


def test_a_plan_of_taking_back_is_refused_when_the_pull_request_moved(
    stage: Any, make_run: Callable[..., Path]
) -> None:
    first(stage, make_run)
    plan = plan_withdrawal(stage.fork(), make_run())
    run_dir = make_run(text="second", tag="v2")
    submit("submit", stage.fork(), run_dir, SilentProgress())
    stage.standin.requests.clear()
    with pytest.raises(StalePlanError):
        withdraw("submit", stage.fork(), run_dir, SilentProgress(), plan)
    assert stage.writes() == []


def test_taking_back_from_the_space_is_previewed(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run(text="second", tag="v2"))
    submit("publish", stage.space(), run_dir, SilentProgress())
    old = make_run()
    plan = plan_withdrawal(stage.space(), old)
    assert (plan.outcome, plan.reason) == ("closed", "it held the release v2, not v1")
    stage.standin.requests.clear()
    receipt = withdraw("publish", stage.space(), old, SilentProgress(), plan)
    assert written(stage) == planned(plan.calls)
    assert (receipt.number, receipt.replaces) == (1, "v2")
    assert plan_withdrawal(stage.space(), old).calls == []


def test_publishing_what_was_withdrawn_says_so(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    withdraw("submit", stage.fork(), run_dir, SilentProgress())
    with pytest.raises(ApprovalError, match="was withdrawn, so nothing is approved") as caught:
        submit("publish", stage.space(), run_dir, SilentProgress())
    assert "podium submit RUN_DIR" in caught.value.hint
    again = submit("submit", stage.fork(), run_dir, SilentProgress())
    stage.review(again.number)
    assert submit("publish", stage.space(), run_dir, SilentProgress()).outcome == "created"


def test_a_pull_request_withdrawn_from_another_machine_is_told_as_withdrawn(
    stage: Any, make_run: Callable[..., Path]
) -> None:
    run_dir = approved(stage, make_run())
    receipt = (run_dir / "submit.json").read_bytes()
    withdraw("submit", stage.fork(), run_dir, SilentProgress())
    (run_dir / "submit.json").write_bytes(receipt)
    with pytest.raises(ApprovalError, match="was withdrawn and closed"):
        submit("publish", stage.space(), run_dir, SilentProgress())


def test_a_missing_fork_is_an_error_of_the_plan_too(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    with pytest.raises(ForkMissingError) as caught:
        preview(stage.fork(fork="nobody/nothing"), run_dir)
    assert "--create-fork" in caught.value.hint
    with pytest.raises(UsageError, match="nothing says what it is to be a fork of") as unnamed:
        preview(stage.fork(fork="nobody/nothing", create_fork=True), run_dir)
    assert '`upstream = "OWNER/REPO"`' in unnamed.value.hint
    with pytest.raises(ForkMissingError):
        plan_withdrawal(stage.fork(fork="nobody/nothing"), run_dir)


def test_a_preview_ends_with_the_error_that_sending_ends_with(stage: Any, make_run: Callable[..., Path]) -> None:
    submit("submit", stage.fork(), make_run(text="second", tag="v2"), SilentProgress())
    plan, obstacle = preview(stage.fork(), make_run())
    assert isinstance(obstacle, OlderReleaseError)
    assert "--force" in obstacle.hint
    assert plan.problems == [str(obstacle)]
    assert preview(stage.fork(force=True), make_run())[1] is None
    _, unapproved = preview(stage.space(), make_run(text="second", tag="v2"))
    assert isinstance(unapproved, ApprovalError)
    stage.standin.store.state.repositories[FORK].writers.clear()
    _, read_only = preview(stage.fork(), make_run(text="third", tag="v3"))
    assert isinstance(read_only, TokenScopeError)
