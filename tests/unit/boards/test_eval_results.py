"""The board `eval-results` against the stand-in: approved scores in the model's repository, as the Hub reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import yaml
from huggingface_hub import EvalResultEntry
from tests.unit.boards.runs import MODEL, make_plan, score_of
from tests.unit.boards.stages import approved, hub

from podium.boards import plan_only, submit
from podium.boards.hub.eval_results import EvalResultsBoard
from podium.errors import (
    ApprovalError,
    BoardError,
    BoardUnreachableError,
    OlderReleaseError,
    RecordError,
    StalePlanError,
    TokenScopeError,
)
from podium.profiles import PROFILES, profile_named
from podium.progress import SilentProgress
from podium.records import Receipt, read_record, receipt_name
from podium.standin.faults import Fault
from podium.standin.world import BOT, FORK, User
from podium.submission.package import pack
from podium.tasks import source_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.world

REPOSITORY = MODEL.hub_id
PATH = ".eval_results/demo.yaml"


def send(stage: Any, run_dir: Path, user: User = BOT, *, force: bool = False) -> Receipt:
    board = stage.eval_results(user, force=force)
    receipt: Receipt = board.send(board.prepare(run_dir), SilentProgress())
    return receipt


def proposals(stage: Any) -> list[Any]:
    return list(hub(stage).get_repo_discussions(REPOSITORY, repo_type="model"))


def listed(stage: Any) -> list[EvalResultEntry]:
    """What huggingface_hub reads for the model's page."""
    found = hub(stage).model_info(REPOSITORY, expand=["evalResults"]).eval_results
    return found or []


def as_owner(stage: Any) -> Any:
    owner = User(login=MODEL.org, token="standin-owner-token")
    stage.standin.store.state.users[owner.login] = owner
    return hub(stage, owner)


def test_approved_scores_become_one_pull_request_that_the_hub_can_read(
    stage: Any, make_run: Callable[..., Path]
) -> None:
    run_dir = approved(stage, make_run())
    receipt = send(stage, run_dir)
    (proposal,) = proposals(stage)
    assert (receipt.outcome, receipt.url) == ("created", proposal.url)
    assert proposal.title == "Evaluation results of acme/Tiny-1 (demo)"
    fork_url = stage.github().get_repo(FORK).get_pull(1).html_url
    sampling = profile_named("demo").sampling
    assert listed(stage) == [
        EvalResultEntry(
            dataset_id="podium-upstream/problems",
            task_id=task.language,
            value=score_of(task.task, "first"),
            source_url=fork_url,
            source_name="Submission, scores and generations",
            source_user="ann",
            notes=f"pass@1 as a fraction; {sampling.n_samples} samples per problem, temperature 0.2, top-p 0.95, "
            "512 tokens with the prompt; release v1",
        )
        for task in make_plan().tasks
    ]


def test_repeat_is_unchanged_and_writes_nothing(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    first = send(stage, run_dir)
    stage.standin.requests.clear()
    assert send(stage, run_dir) == msgspec.structs.replace(first, outcome="unchanged")
    assert stage.writes() == []


def test_changed_scores_update_the_same_pull_request(stage: Any, make_run: Callable[..., Path]) -> None:
    first = send(stage, approved(stage, make_run()))
    second = send(stage, approved(stage, make_run(text="second", tag="v2")))
    assert (second.outcome, second.number, second.replaces) == ("updated", first.number, "v1")
    assert [entry.value for entry in listed(stage)] == [score_of(task.task, "second") for task in make_plan().tasks]
    assert len(proposals(stage)) == 1


def test_older_release_is_refused_without_force(stage: Any, make_run: Callable[..., Path]) -> None:
    send(stage, approved(stage, make_run(text="second", tag="v2")))
    board = stage.fork(force=True)
    run_dir = make_run()
    submit("submit", board, run_dir, SilentProgress())
    stage.review(1)
    with pytest.raises(OlderReleaseError, match="the model repository acme/Tiny-1 holds the release v2"):
        send(stage, run_dir)
    assert send(stage, run_dir, force=True).outcome == "updated"


def test_merged_by_the_owner_is_unchanged(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    as_owner(stage).merge_pull_request(REPOSITORY, send(stage, run_dir).number, repo_type="model")
    receipt = send(stage, run_dir)
    assert receipt.outcome == "unchanged"
    assert receipt.reason == "the model repository acme/Tiny-1 already holds exactly these files"


def test_closed_by_the_owner_is_not_opened_again(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    as_owner(stage).change_discussion_status(REPOSITORY, send(stage, run_dir).number, "closed", repo_type="model")
    assert send(stage, run_dir).outcome == "skipped"
    assert len(proposals(stage)) == 1


def test_results_of_others_in_that_folder_stay(stage: Any, make_run: Callable[..., Path]) -> None:
    other = ".eval_results/hle.yaml"
    text = yaml.safe_dump([{"dataset": {"id": "cais/hle", "task_id": "default"}, "value": 20.9}]).encode()
    as_owner(stage).upload_file(
        path_or_fileobj=text, path_in_repo=other, repo_id=REPOSITORY, repo_type="model", commit_message="Ours"
    )
    receipt = send(stage, approved(stage, make_run()))
    files = hub(stage).list_repo_files(REPOSITORY, repo_type="model", revision=f"refs/pr/{receipt.number}")
    assert {other, PATH} <= set(files)
    assert "cais/hle" in [entry.dataset_id for entry in listed(stage)]


@pytest.mark.parametrize("fault", [{"action": "drop_after"}, {"status": 504, "when": "after"}])
def test_commit_that_landed_unheard_is_found(
    open_stage: Any, make_run: Callable[..., Path], fault: dict[str, Any]
) -> None:
    stage = open_stage([Fault(method="POST", path="/models/.*/commit/main", **fault)])
    run_dir = approved(stage, make_run())
    assert send(stage, run_dir).outcome == "created"
    assert send(stage, run_dir).outcome == "unchanged"
    assert len(proposals(stage)) == 1


def test_commit_that_did_not_land_is_told_and_done_by_the_next_run(
    open_stage: Any, make_run: Callable[..., Path]
) -> None:
    stage = open_stage([Fault(method="POST", path="/models/.*/commit/main", action="drop_before")])
    run_dir = approved(stage, make_run())
    with pytest.raises(BoardUnreachableError, match="in the model repository acme/Tiny-1"):
        send(stage, run_dir)
    assert send(stage, run_dir).outcome == "created"


@pytest.mark.parametrize("change", [{"hub_role": "read"}, {"reaches": "spaces/bigcode/bigcode-models-leaderboard"}])
def test_token_that_may_not_write_there_is_told(
    stage: Any, make_run: Callable[..., Path], change: dict[str, Any]
) -> None:
    run_dir = approved(stage, make_run())
    stage.standin.store.state.users[BOT.login] = msgspec.structs.replace(BOT, **change)
    with pytest.raises(TokenScopeError) as caught:
        send(stage, run_dir)
    assert "HF_TOKEN" in caught.value.hint
    assert BOT.token not in str(caught.value)
    assert proposals(stage) == []


def test_model_without_a_repository_is_told_before_anything_is_sent(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    del stage.standin.store.state.hub[f"models/{REPOSITORY}"]
    with pytest.raises(BoardError, match="the model repository acme/Tiny-1"):
        submit("publish", stage.eval_results(), run_dir, SilentProgress())


def test_nothing_goes_there_without_approval(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    stage.send_to_fork(run_dir)
    with pytest.raises(ApprovalError, match="is not approved"):
        send(stage, run_dir)
    assert proposals(stage) == []


def test_run_made_again_after_the_approval_is_refused(stage: Any, make_run: Callable[..., Path]) -> None:
    approved(stage, make_run())
    with pytest.raises(ApprovalError, match="another digest"):
        send(stage, make_run(text="second"))
    assert proposals(stage) == []


def test_address_of_the_evidence_is_the_approved_pull_requests_own(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    path = run_dir / "submit.json"
    path.write_text(path.read_text().replace("/pull/1", "/pull/1?elsewhere"))
    send(stage, run_dir)
    assert not [entry for entry in listed(stage) if "elsewhere" in (entry.source_url or "")]


def test_receipt_lies_beside_the_one_of_the_space(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    receipt = submit("publish", stage.eval_results(), run_dir, SilentProgress())
    assert read_record(run_dir / receipt_name("publish", "eval-results"), Receipt) == receipt
    assert not (run_dir / "publish.json").exists()


def test_plan_is_done_exactly_or_not_at_all(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    stage.standin.requests.clear()
    plan = plan_only(stage.eval_results(), run_dir)
    assert (plan.outcome, plan.calls) == ("created", ["POST commit/main?create_pr=1 with 1 files"])
    assert stage.writes() == []
    as_owner(stage).upload_file(
        path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=REPOSITORY, repo_type="model", commit_message="Move on"
    )
    with pytest.raises(StalePlanError):
        submit("publish", stage.eval_results(), run_dir, SilentProgress(), plan)
    again = plan_only(stage.eval_results(), run_dir)
    assert submit("publish", stage.eval_results(), run_dir, SilentProgress(), again).outcome == "created"


def test_broken_grouped_json_gives_no_entry(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run(grouped="x"))
    with pytest.raises(RecordError, match="padding"):
        send(stage, run_dir)
    assert proposals(stage) == []


def test_every_task_of_the_boards_has_a_data_set() -> None:
    pairs = {task: source_of(task).benchmark for name in PROFILES for task in profile_named(name).problems}
    assert pairs["humaneval"] == ("openai/openai_humaneval", "openai_humaneval")
    assert pairs["multiple-rs"] == ("nuprl/MultiPL-E", "humaneval-rs")
    assert len(set(pairs.values())) == len(pairs)


def test_file_the_hub_cannot_read_is_listed_with_its_fault(stage: Any, make_run: Callable[..., Path]) -> None:
    owner = as_owner(stage)
    owner.upload_file(
        path_or_fileobj=b"- dataset: {id: a/b}\n  value: 1\n",
        path_in_repo=".eval_results/bad.yaml",
        repo_id=REPOSITORY,
        repo_type="model",
        commit_message="Bad",
    )
    assert listed(stage) == []


def test_board_takes_the_repository_from_the_submission(make_run: Callable[..., Path]) -> None:
    assert EvalResultsBoard.kind == "model"
    assert pack(make_run()).submission.release.model.hub_id == REPOSITORY
