"""Labels and reviewers: apart from each other, apart from the submission, and asked for again while missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.unit.boards.conftest import stage_world

from podium.boards import plan_only, submit
from podium.progress import SilentProgress
from podium.standin.faults import Fault
from podium.standin.world import BOT, FORK, REVIEWER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.world

WANTED: dict[str, Any] = {"labels": ("leaderboard",), "reviewers": ("reviewer",)}


def send(stage: Any, run_dir: Path, **targets: object) -> Any:
    return submit("submit", stage.fork(**{**WANTED, **targets}), run_dir, SilentProgress())


def shown(stage: Any) -> tuple[list[str], list[str]]:
    (pull,) = stage.standin.store.state.repositories[FORK].pulls
    return pull.labels, pull.reviewers


def test_a_label_that_cannot_be_made_stops_no_reviewer_and_is_tried_again(
    open_stage: Any, make_run: Callable[..., Path]
) -> None:
    stage, run_dir = open_stage(world=stage_world(labels=["bug"])), make_run()
    first = send(stage, run_dir)
    assert (first.outcome, shown(stage)) == ("created", ([], ["reviewer"]))
    assert "make the label" in first.notes[0]
    again = send(stage, run_dir)
    assert (again.outcome, again.notes) == ("unchanged", first.notes)
    assert stage.count("POST", "requested_reviewers") == 1
    stage.standin.store.state.repositories[FORK].labels = ["Leaderboard", "bug", "leaderboard"]
    assert send(stage, run_dir).notes == []
    assert shown(stage) == (["leaderboard"], ["reviewer"])
    stage.standin.requests.clear()
    assert (send(stage, run_dir).outcome, stage.writes()) == ("unchanged", [])


def test_one_that_is_refused_does_not_stop_the_others(open_stage: Any, make_run: Callable[..., Path]) -> None:
    stage = open_stage(world=stage_world(labels=["bug", "good"]))
    receipt = send(stage, make_run(), labels=("good", "new"), reviewers=("nobody", "reviewer", BOT.login))
    assert shown(stage) == (["good"], ["reviewer"])
    assert len(receipt.notes) == 3
    assert [name for name in ("new", "nobody", BOT.login) if not any(name in note for note in receipt.notes)] == []


@pytest.mark.parametrize("path", ["/labels$", "/requested_reviewers$"])
@pytest.mark.parametrize("status", [403, 404, 410, 422, 502])
def test_no_answer_to_decoration_stops_a_submission(
    open_stage: Any, make_run: Callable[..., Path], path: str, status: int
) -> None:
    stage, run_dir = open_stage([Fault(method="POST", path=path, status=status, times=9)]), make_run()
    receipt = send(stage, run_dir)
    assert receipt.outcome == "created"
    assert len(receipt.notes) == 1
    stage.standin.inject([])
    assert (send(stage, run_dir).notes, shown(stage)) == ([], (["leaderboard"], ["reviewer"]))


def test_whoever_reviewed_is_not_asked_again(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    send(stage, run_dir)
    stage.review(1)
    assert shown(stage)[1] == []
    stage.standin.requests.clear()
    assert send(stage, run_dir).outcome == "unchanged"
    assert stage.writes() == []


def test_names_are_the_same_whatever_their_case(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    send(stage, run_dir)
    stage.standin.requests.clear()
    send(stage, run_dir, labels=("LEADERBOARD",), reviewers=("Reviewer",))
    assert stage.writes() == []


def test_a_team_is_asked_as_a_team(open_stage: Any, make_run: Callable[..., Path]) -> None:
    bodies: list[bytes] = []
    stage = open_stage()
    answer = stage.standin.answer

    def listen(method: str, target: str, headers: Any, body: bytes) -> Any:
        if method == "POST" and target.endswith("requested_reviewers"):
            bodies.append(body)
        return answer(method, target, headers, body)

    stage.standin.answer = listen
    send(stage, make_run(), labels=(), reviewers=("paiml/evals",))
    assert [msgspec.json.decode(body) for body in bodies] == [{"team_reviewers": ["evals"]}]


def test_what_is_missing_is_part_of_the_plan(open_stage: Any, make_run: Callable[..., Path]) -> None:
    stage, run_dir = open_stage([Fault(method="POST", path="/labels$", status=403, times=9)]), make_run()
    assert plan_only(stage.fork(**WANTED), run_dir).calls[-2:] == ["POST labels leaderboard", "POST reviewers reviewer"]
    send(stage, run_dir)
    plan = plan_only(stage.fork(**WANTED), run_dir)
    assert (plan.outcome, plan.calls) == ("unchanged", ["POST labels leaderboard"])


def test_a_comment_that_is_refused_stops_no_release(open_stage: Any, make_run: Callable[..., Path]) -> None:
    refused = Fault(method="POST", path="/comments$", status=403, times=9)
    stage = open_stage([refused])
    send(stage, make_run())
    repository = stage.github().get_repo(FORK)
    pull = repository.get_pull(1)
    repository.create_git_ref("refs/heads/podium/earlier", pull.head.sha)
    repository.create_pull(base="main", head="podium/earlier", title=pull.title, body=pull.body)
    receipt = send(stage, make_run(text="second", tag="v2"))
    assert receipt.outcome == "updated"
    assert [one.state for one in stage.standin.store.state.repositories[FORK].pulls] == ["open", "closed"]
    assert len(receipt.notes) == 2


def test_github_without_limits_is_submitted_to(open_stage: Any, make_run: Callable[..., Path]) -> None:
    stage = open_stage(world=msgspec.structs.replace(stage_world(), rate_limits=False))
    assert send(stage, make_run()).outcome == "created"


def test_a_used_up_budget_says_how_long_to_wait(open_stage: Any, make_run: Callable[..., Path]) -> None:
    world = stage_world()
    users = [msgspec.structs.replace(BOT, budget=3), REVIEWER]
    board = open_stage(world=msgspec.structs.replace(world, users=users)).fork()
    (problem,) = board.problems(board.prepare(make_run()))
    assert problem.rule == "api-budget"
    assert problem.hint.startswith(("wait 60 minutes", "wait 61 minutes"))
