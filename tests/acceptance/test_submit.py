"""podium submit and podium publish as people and composite actions call them, against the stand-in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.acceptance.workplace import Workplace, receipt_of
from tests.unit.boards.evalplus_files import MODEL_EXAMPLE, result_file
from tests.unit.boards.runs import MODEL, write_run

from podium.protocol import grouped_name
from podium.records import Receipt, SendPlan, decode, read_record
from podium.standin.server import Standin
from podium.standin.world import BOT, FORK, LEADERBOARD, default_world

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.world


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Workplace]:
    with Standin(tmp_path / "standin", default_world()) as standin:
        yield Workplace(tmp_path, standin)


def test_three_submits_say_created_unchanged_updated(work: Workplace) -> None:
    first = receipt_of(work.podium("submit", "runs/v1"))
    second = receipt_of(work.podium("submit", "runs/v1"))
    write_run(work.run_dir, text="second")
    third = receipt_of(work.podium("submit", "runs/v1"))
    assert [first.outcome, second.outcome, third.outcome] == ["created", "unchanged", "updated"]
    assert first.number == second.number == third.number
    assert read_record(work.run_dir / "submit.json", Receipt) == third
    assert len(work.standin.store.state.repositories[FORK].pulls) == 1


def test_submit_and_publish_from_tag_to_space(work: Workplace) -> None:
    submitted = work.podium("submit", "runs/v1")
    assert submitted.returncode == 0
    assert submitted.stderr.splitlines()[-1] == f"submit: created {receipt_of(submitted).url}"
    refused = work.podium("publish", "runs/v1")
    assert refused.returncode == 12
    assert "is not approved" in refused.stderr
    assert "what to do:" in refused.stderr
    work.approve(receipt_of(submitted).number)
    outcomes = [receipt_of(work.podium("publish", "runs/v1")).outcome for _ in range(2)]
    assert outcomes == ["created", "unchanged"]
    assert len(work.standin.store.state.hub[f"spaces/{LEADERBOARD}"].discussions) == 1


def test_board_space_is_publish(work: Workplace) -> None:
    work.approve(receipt_of(work.podium("submit", "runs/v1")).number)
    receipt = receipt_of(work.podium("submit", "runs/v1", "--board", "space"))
    assert (receipt.stage, receipt.board, receipt.outcome) == ("publish", "space", "created")
    assert read_record(work.run_dir / "publish.json", Receipt) == receipt


def test_file_edited_after_the_approval_is_not_published(work: Workplace) -> None:
    work.approve(receipt_of(work.podium("submit", "runs/v1")).number)
    grouped = work.run_dir / "submission" / "community_results" / MODEL.folder / grouped_name(MODEL)
    grouped.write_text('{"results":"better"}')
    done = work.podium("publish", "runs/v1")
    assert done.returncode == 8
    assert f"{grouped_name(MODEL)} was changed" in done.stderr
    assert work.standin.store.state.hub[f"spaces/{LEADERBOARD}"].discussions == []


def test_composite_action_passes_everything_by_environment(work: Workplace) -> None:
    done = work.podium("submit", PODIUM_SUBMIT_RUN_DIR="runs/v1", PODIUM_SUBMIT_BOARD="fork", PODIUM_SUBMIT_BASE="main")
    receipt = receipt_of(done)
    assert work.outputs() == {"outcome": "created", "url": receipt.url, "number": str(receipt.number)}
    work.approve(receipt.number)
    published = work.podium("publish", PODIUM_PUBLISH_RUN_DIR="runs/v1", PODIUM_PUBLISH_SPACE=LEADERBOARD)
    assert receipt_of(published).outcome == "created"


def test_failure_sets_the_step_output(work: Workplace) -> None:
    done = work.podium("submit", "runs/v1", "--fork", "nobody/nothing")
    assert done.returncode == 17
    assert done.stdout == ""
    assert work.outputs()["outcome"] == "failed"


def test_wrong_name_sets_the_step_output_too(work: Workplace) -> None:
    assert work.podium("submit", "runs/v1", "--fork", "leaderboard").returncode == 2
    assert work.outputs()["outcome"] == "failed"


def test_partial_run_is_skipped_with_its_reason(work: Workplace) -> None:
    write_run(work.run_dir, partial=["demo-sh: 2 of 8 problems"])
    done = work.podium("submit", "runs/v1", PODIUM_FORK_TOKEN="")
    assert done.returncode == 3
    assert receipt_of(done).reason == "demo-sh: 2 of 8 problems"
    assert "skipped: demo-sh: 2 of 8 problems" in done.stderr
    assert work.outputs()["outcome"] == "skipped"


def test_plan_only_prints_the_plan_and_writes_nothing(work: Workplace) -> None:
    done = work.podium("submit", "runs/v1", "--plan-only")
    plan = decode(done.stdout.encode(), SendPlan, "stdout")
    assert (plan.outcome, plan.target, plan.branch) == ("created", FORK, "podium/acme_Tiny-1_ann")
    assert [file.path for file in plan.files] == [file["path"] for file in json.loads(done.stdout)["files"]]
    assert work.writes() == []
    assert not (work.run_dir / "submit.json").exists()
    assert "nothing was sent" in done.stderr


def test_directory_needs_neither_token_nor_podium_toml(work: Workplace) -> None:
    (work.folder / "podium.toml").unlink()
    done = work.podium(
        "submit", "runs/v1", "--board", "directory", "--to", "out", PODIUM_FORK_TOKEN="", HF_TOKEN="", GITHUB_API_URL=""
    )
    assert receipt_of(done).outcome == "created"
    assert (work.folder / "out" / "community_results" / MODEL.folder / grouped_name(MODEL)).exists()


def test_copy_to_a_directory_does_not_undo_the_submission(work: Workplace) -> None:
    work.approve(receipt_of(work.podium("submit", "runs/v1")).number)
    copied = receipt_of(work.podium("submit", "runs/v1", "--board", "directory", "--to", "out"))
    assert read_record(work.run_dir / "submit.directory.json", Receipt) == copied
    assert receipt_of(work.podium("publish", "runs/v1")).outcome == "created"


def test_evalplus_needs_neither_token_nor_podium_toml(work: Workplace) -> None:
    (work.folder / "podium.toml").unlink()
    shutil.copy(MODEL_EXAMPLE, work.run_dir / "model.json")
    result_file(work.folder / "x.eval_results.json")
    done = work.podium(
        *("submit", "runs/v1", "--board", "evalplus", "--to", "out", "--results", "x.eval_results.json"),
        **{"PODIUM_FORK_TOKEN": "", "HF_TOKEN": "", "GITHUB_API_URL": ""},
    )
    assert receipt_of(done).outcome == "created"
    assert (work.folder / "out" / "evalplus_acme_Tiny-1" / "issue.md").exists()
    assert "only a person can" in done.stderr
    assert work.standin.requests == []


def test_fork_given_by_hand_needs_no_podium_toml(work: Workplace) -> None:
    (work.folder / "podium.toml").unlink()
    assert receipt_of(work.podium("submit", "runs/v1", "--fork", FORK)).outcome == "created"


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["runs/v1", "--board", "forc"], 2, "did you mean 'fork'"),
        (["runs/v1", "--board", "directory"], 2, "--to DIR"),
        (["runs/v1", "--to", "out"], 2, "--board directory"),
        (["runs/v1", "--board", "evalplus", "--to", "out"], 2, "--results FILE"),
        (["runs/v1", "--results", "x.json"], 2, "--board evalplus"),
        (["runs/v1", "--config", "gone.toml"], 2, "gone.toml"),
        (["runs/v1", "--base", "gone"], 20, "--base"),
        (["runs/v2"], 8, "plan.json"),
    ],
)
def test_wrong_use_ends_with_a_remedy(work: Workplace, arguments: list[str], code: int, text: str) -> None:
    done = work.podium("submit", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert text in done.stderr
    assert "what to do:" in done.stderr


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"PODIUM_FORK_TOKEN": ""}, 10, "set PODIUM_FORK_TOKEN (or GITHUB_TOKEN)"),
        ({"PODIUM_FORK_TOKEN": "standin-wrong-token"}, 14, "PODIUM_FORK_TOKEN"),
        ({"GITHUB_API_URL": "http://127.0.0.1:9/api/v3"}, 11, "run the same command again"),
        ({"GITHUB_API_URL": "http://github.example"}, 2, "leave GITHUB_API_URL unset"),
    ],
)
def test_trouble_with_the_board_ends_with_a_remedy(
    work: Workplace, changes: dict[str, Any], code: int, text: str
) -> None:
    done = work.podium("submit", "runs/v1", **changes)
    assert done.returncode == code
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_token_is_nowhere_in_what_is_printed_or_written(work: Workplace) -> None:
    texts = []
    for changes in ({}, {"GITHUB_API_URL": "http://127.0.0.1:9/api/v3", "PODIUM_TRACEBACK": "1"}):
        done = work.podium("submit", "runs/v1", **changes)
        texts += [done.stdout, done.stderr]
    work.approve(read_record(work.run_dir / "submit.json", Receipt).number)
    for changes in ({}, {"HF_ENDPOINT": "http://127.0.0.1:9", "PODIUM_TRACEBACK": "1"}):
        done = work.podium("publish", "runs/v1", **changes)
        texts += [done.stdout, done.stderr]
    written = [path.read_text() for path in work.run_dir.rglob("*") if path.is_file()]
    assert not [text for text in (*texts, *written, work.output.read_text()) if BOT.token in text]


def test_environment_token_of_the_workflow_is_enough(work: Workplace) -> None:
    done = work.podium("submit", "runs/v1", PODIUM_FORK_TOKEN="", GITHUB_TOKEN=BOT.token)
    assert receipt_of(done).outcome == "created"


def test_a_tryout_of_tasks_that_no_board_knows_is_skipped_for_people_and_for_the_workflow(work: Workplace) -> None:
    plan = work.run_dir / "plan.json"
    plan.write_text(plan.read_text().replace('"profile": "demo"', '"profile": "bigcode"'))
    done = work.podium("submit", "runs/v1")
    assert done.returncode == 3
    assert "is never submitted" in done.stderr
    assert work.outputs()["outcome"] == "skipped"
    assert work.writes() == []
