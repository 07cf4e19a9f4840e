"""podium publish --eval-results and podium.toml's `eval_results`: the model's own repository, only when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.acceptance.workplace import TOML, Workplace
from tests.unit.boards.runs import MODEL, write_run

from podium.records import Receipt, SendPlan, decode, read_record
from podium.standin.server import Standin
from podium.standin.world import BOT, LEADERBOARD, Space, default_world

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.world

MODELS = f"models/{MODEL.hub_id}"


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Workplace]:
    world = default_world()
    model = Space(id=MODEL.hub_id, kind="model")
    with Standin(tmp_path / "standin", msgspec.structs.replace(world, spaces=[*world.spaces, model])) as standin:
        place = Workplace(tmp_path, standin)
        assert place.podium("submit", "runs/v1").returncode == 0
        place.approve(1)
        yield place


def receipts_of(done: subprocess.CompletedProcess[str]) -> list[Receipt]:
    return [decode(line.encode(), Receipt, "stdout") for line in done.stdout.splitlines()]


def said(done: subprocess.CompletedProcess[str]) -> list[tuple[str, str]]:
    return [(receipt.board, receipt.outcome) for receipt in receipts_of(done)]


def told(work: Workplace) -> int:
    """How many pull requests the model's repository has."""
    return len(work.standin.store.state.hub[MODELS].discussions)


def test_publish_leaves_the_models_repository_alone_by_default(work: Workplace) -> None:
    assert said(work.podium("publish", "runs/v1")) == [("space", "created")]
    assert told(work) == 0
    assert not [request for request in work.standin.requests if "/models/" in request.path]


def test_flag_adds_one_pull_request_and_says_created_unchanged_updated(work: Workplace) -> None:
    first = work.podium("publish", "runs/v1", "--eval-results")
    second = work.podium("publish", "runs/v1", "--eval-results")
    write_run(work.run_dir, text="second", tag="v2")
    work.podium("submit", "runs/v1")
    work.approve(1)
    third = work.podium("publish", "runs/v1", "--eval-results")
    assert [said(done) for done in (first, second, third)] == [
        [("space", outcome), ("eval-results", outcome)] for outcome in ("created", "unchanged", "updated")
    ]
    assert told(work) == 1
    assert first.stderr.splitlines()[-1] == f"publish eval-results: created {receipts_of(first)[1].url}"
    assert read_record(work.run_dir / "publish.eval-results.json", Receipt) == receipts_of(third)[1]
    assert read_record(work.run_dir / "publish.json", Receipt) == receipts_of(third)[0]


def test_podium_toml_turns_it_on_and_the_flag_off(work: Workplace) -> None:
    (work.folder / "podium.toml").write_text(f"{TOML}eval_results = true\n")
    assert said(work.podium("publish", "runs/v1", "--no-eval-results")) == [("space", "created")]
    assert said(work.podium("publish", "runs/v1")) == [("space", "unchanged"), ("eval-results", "created")]


def test_action_turns_it_on_by_environment_and_gets_its_outputs(work: Workplace) -> None:
    environment = {"PODIUM_PUBLISH_RUN_DIR": "runs/v1", "PODIUM_PUBLISH_EVAL_RESULTS": "true"}
    _, receipt = receipts_of(work.podium("publish", **environment))
    outputs = work.outputs()
    assert (outputs["outcome"], outputs["eval-results-outcome"]) == ("created", "created")
    assert outputs["eval-results-url"] == receipt.url


def test_empty_variable_counts_as_unset(work: Workplace) -> None:
    environment = {**work.environment(), "PODIUM_PUBLISH_EVAL_RESULTS": ""}
    assert said(work.podium_in(environment, "publish", "runs/v1")) == [("space", "created")]


def test_failure_there_does_not_hide_what_the_space_took(work: Workplace) -> None:
    del work.standin.store.state.hub[MODELS]
    done = work.podium("publish", "runs/v1", "--eval-results")
    assert done.returncode == 9
    assert said(done) == [("space", "created")]
    assert f"the model repository {MODEL.hub_id}" in done.stderr
    assert (work.outputs()["outcome"], work.outputs()["eval-results-outcome"]) == ("created", "failed")


def test_edited_file_after_the_approval_stops_both(work: Workplace) -> None:
    write_run(work.run_dir, text="second")
    done = work.podium("publish", "runs/v1", "--eval-results")
    assert (done.returncode, done.stdout) == (12, "")
    assert told(work) == 0


def test_step_alone_is_planned_applied_and_withdrawn(work: Workplace) -> None:
    alone = ("submit", "runs/v1", "--board", "eval-results")
    done = work.podium(*alone, "--plan-only", "-o", "plan.json")
    plan = decode(done.stdout.encode(), SendPlan, "stdout")
    assert (plan.board, plan.target, plan.outcome) == ("eval-results", MODEL.hub_id, "created")
    assert told(work) == 0
    assert said(work.podium(*alone, "--plan", "plan.json")) == [("eval-results", "created")]
    assert said(work.podium(*alone, "--withdraw")) == [("eval-results", "closed")]
    assert work.standin.store.state.hub[f"spaces/{LEADERBOARD}"].discussions == []


def test_plan_file_with_the_flag_names_the_way_to_do_it(work: Workplace) -> None:
    done = work.podium("publish", "runs/v1", "--eval-results", "--plan-only", "-o", "plan.json")
    assert done.returncode == 2
    assert "--board eval-results" in done.stderr


def test_trusted_publishing_asks_for_a_token_for_each_repository(work: Workplace) -> None:
    users = work.standin.store.state.users
    users[BOT.login] = msgspec.structs.replace(BOT, publishes=[f"spaces/{LEADERBOARD}", MODEL.hub_id])
    identity = {
        "HF_TOKEN": "",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{work.standin.url}/actions/id-token",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BOT.token,
    }
    done = work.podium("publish", "runs/v1", "--eval-results", **identity)
    assert said(done) == [("space", "created"), ("eval-results", "created")]
    assert sum(request.path.startswith("/oauth/token") for request in work.standin.requests) == 2
