"""The board `space` against the stand-in: only what was approved, in one pull request, by the real clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from huggingface_hub import hf_hub_download
from tests.unit.boards.runs import grouped_json, make_plan
from tests.unit.boards.stages import approved, hub

from podium.boards import plan_only
from podium.errors import ApprovalError, BoardError, BoardUnreachableError, TokenError, UsageError
from podium.files import sha256_bytes
from podium.hub import build_hub
from podium.progress import SilentProgress
from podium.records import Receipt, read_record, write_record
from podium.standin.faults import Fault
from podium.standin.world import BOT, FORK, LEADERBOARD, User
from podium.submission.marks import plain, release_marker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.world

FOLDER = "community_results/acme_Tiny-1_ann"
BRANCH = "podium/acme_Tiny-1_ann"


def publish(stage: Any, run_dir: Path, user: User = BOT) -> Receipt:
    board = stage.space(user)
    receipt: Receipt = board.send(board.prepare(run_dir), SilentProgress())
    return receipt


def proposals(stage: Any) -> list[Any]:
    return list(hub(stage).get_repo_discussions(LEADERBOARD, repo_type="space"))


def content(stage: Any, number: int, path: str, folder: Path) -> bytes:
    from pathlib import Path

    local = hf_hub_download(
        LEADERBOARD,
        f"{FOLDER}/{path}",
        repo_type="space",
        revision=f"refs/pr/{number}",
        endpoint=stage.standin.hub_url,
        token=BOT.token,
        cache_dir=folder / "cache",
    )
    return Path(local).read_bytes()


def test_approved_submission_becomes_one_pull_request(
    stage: Any, make_run: Callable[..., Path], tmp_path: Path
) -> None:
    run_dir = approved(stage, make_run())
    receipt = publish(stage, run_dir)
    (proposal,) = proposals(stage)
    assert (receipt.outcome, receipt.number, receipt.url) == ("created", proposal.num, proposal.url)
    assert proposal.title == "[Community Submission] Model: acme/Tiny-1, Username: ann"
    details = hub(stage).get_discussion_details(LEADERBOARD, proposal.num, repo_type="space")
    assert plain(details.events[0].content) == plain(f"{(run_dir / 'pr_body.md').read_text()}\n{release_marker('v1')}")
    folder = run_dir / "submission" / FOLDER
    listed = hub(stage).list_repo_tree(
        LEADERBOARD, FOLDER, recursive=True, revision=f"refs/pr/{proposal.num}", repo_type="space"
    )
    local = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {entry.path.removeprefix(f"{FOLDER}/") for entry in listed if hasattr(entry, "size")} == local
    grouped = "acme_Tiny-1_ann.json"
    assert content(stage, proposal.num, grouped, tmp_path) == (folder / grouped).read_bytes()


def test_second_publish_is_unchanged_and_writes_nothing(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    first = publish(stage, run_dir)
    stage.standin.requests.clear()
    second = publish(stage, run_dir)
    assert second == msgspec.structs.replace(first, outcome="unchanged")
    assert stage.writes() == []


def test_next_release_updates_the_same_pull_request(stage: Any, make_run: Callable[..., Path], tmp_path: Path) -> None:
    first = publish(stage, approved(stage, make_run()))
    second = publish(stage, approved(stage, make_run(text="second")))
    assert (second.outcome, second.number) == ("updated", first.number)
    assert len(proposals(stage)) == 1
    assert content(stage, first.number, "acme_Tiny-1_ann.json", tmp_path) == grouped_json(make_plan(), "second")
    details = hub(stage).get_discussion_details(LEADERBOARD, first.number, repo_type="space")
    assert "Scores of second" in details.events[0].content


def test_changed_text_alone_makes_no_commit(stage: Any, make_run: Callable[..., Path]) -> None:
    publish(stage, approved(stage, make_run()))
    run_dir = approved(stage, make_run(body="Better words"))
    stage.standin.requests.clear()
    assert publish(stage, run_dir).outcome == "updated"
    assert [write.rpartition("/")[2] for write in stage.writes()] == ["edit"]


# huggingface_hub hands large files to its HTTP library by an argument that is deprecated there.
@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_large_file_is_recognised_by_its_digest(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run(grouped="x" * (11 << 20)))
    assert publish(stage, run_dir).outcome == "created"
    assert stage.count("POST", "/info/lfs/objects/batch") == 1
    assert publish(stage, run_dir).outcome == "unchanged"


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_refused_upload_of_a_large_file_is_told(open_stage: Any, make_run: Callable[..., Path]) -> None:
    stage = open_stage([Fault(method="PUT", path=".", status=403, times=9)])
    run_dir = approved(stage, make_run(grouped="x" * (11 << 20)))
    with pytest.raises(TokenError, match="open a pull request"):
        publish(stage, run_dir)
    assert proposals(stage) == []


def test_stale_files_of_the_space_go_away(stage: Any, make_run: Callable[..., Path]) -> None:
    maintainer = User(login="maintainer", token="standin-maintainer-token")
    stage.standin.store.state.users[maintainer.login] = maintainer
    hub(stage, maintainer).upload_file(
        path_or_fileobj=b"{}", path_in_repo=f"{FOLDER}/old.json", repo_id=LEADERBOARD, repo_type="space"
    )
    receipt = publish(stage, approved(stage, make_run()))
    listed = hub(stage).list_repo_files(LEADERBOARD, repo_type="space", revision=f"refs/pr/{receipt.number}")
    assert f"{FOLDER}/old.json" not in listed
    assert "README.md" in listed


def test_submission_never_sent_to_the_fork_is_refused(stage: Any, make_run: Callable[..., Path]) -> None:
    with pytest.raises(ApprovalError) as caught:
        publish(stage, make_run())
    assert "podium submit" in caught.value.hint
    assert stage.writes() == []


def test_unapproved_pull_request_is_refused(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    stage.send_to_fork(run_dir)
    with pytest.raises(ApprovalError, match="is not approved"):
        publish(stage, run_dir)
    assert proposals(stage) == []


def test_comment_is_no_approval(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    stage.review(stage.send_to_fork(run_dir).number, "COMMENT")
    with pytest.raises(ApprovalError, match="is not approved"):
        publish(stage, run_dir)


def test_comment_after_an_approval_leaves_it_in_force(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    stage.review(1, "COMMENT")
    assert publish(stage, run_dir).outcome == "created"


def test_approval_by_the_author_does_not_count(stage: Any, make_run: Callable[..., Path]) -> None:
    # GitHub refuses such a review; the check must not rely on it.
    run_dir = approved(stage, make_run())
    stage.standin.store.state.repositories[FORK].pulls[0].reviews[0].author = BOT.login
    with pytest.raises(ApprovalError, match="is not approved"):
        publish(stage, run_dir)


def test_approval_without_write_access_does_not_count(open_stage: Any, make_run: Callable[..., Path]) -> None:
    stage = open_stage()
    run_dir = make_run()
    passer_by = User(login="passer-by", token="standin-passer-by-token", scopes=["repo"])
    stage.standin.store.state.users[passer_by.login] = passer_by
    stage.review(stage.send_to_fork(run_dir).number, user=passer_by)
    with pytest.raises(ApprovalError, match="without write access"):
        publish(stage, run_dir)


def test_dismissed_approval_is_refused(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    (review,) = stage.github().get_repo(FORK).get_pull(1).get_reviews()
    review.dismiss("Wait.")
    with pytest.raises(ApprovalError, match="is not approved"):
        publish(stage, run_dir)


def test_later_request_for_changes_is_refused(stage: Any, make_run: Callable[..., Path], request: Any) -> None:
    run_dir = approved(stage, make_run())
    stage.review(1, "REQUEST_CHANGES", stage.standin.store.state.users["stranger"])
    with pytest.raises(ApprovalError, match="stranger asked for changes"):
        publish(stage, run_dir)


def test_approval_of_an_earlier_head_is_refused(stage: Any, make_run: Callable[..., Path]) -> None:
    approved(stage, make_run())
    run_dir = make_run(text="second")
    stage.send_to_fork(run_dir)
    with pytest.raises(ApprovalError, match="changed after reviewer approved"):
        publish(stage, run_dir)


def test_file_changed_in_the_fork_and_approved_there_is_refused(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    number = stage.send_to_fork(run_dir).number
    stage.standin.commit(FORK, {f"{FOLDER}/acme_Tiny-1_ann.json": "{}"}, branch=BRANCH, author="reviewer")
    stage.review(number)
    with pytest.raises(ApprovalError, match="files at the head"):
        publish(stage, run_dir)
    assert proposals(stage) == []


def test_file_turned_into_a_link_is_refused(stage: Any, make_run: Callable[..., Path]) -> None:
    from github import InputGitTreeElement

    run_dir = make_run()
    receipt = stage.send_to_fork(run_dir)
    repository = stage.github().get_repo(FORK)
    head = repository.get_git_commit(receipt.head)
    path = f"{FOLDER}/acme_Tiny-1_ann.json"
    blob = next(e.sha for e in repository.get_git_tree(receipt.head, recursive=True).tree if e.path == path)
    tree = repository.create_git_tree([InputGitTreeElement(path, "120000", "blob", sha=blob)], head.tree)
    link = repository.create_git_commit("Link", tree, [head])
    repository.get_git_ref(f"heads/{BRANCH}").edit(link.sha)
    stage.review(receipt.number)
    with pytest.raises(ApprovalError, match="files at the head"):
        publish(stage, run_dir)


def test_text_edited_in_the_fork_is_refused(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    stage.github().get_repo(FORK).get_pull(1).edit(body="Other words")
    with pytest.raises(ApprovalError, match="title or text"):
        publish(stage, run_dir)


def test_run_made_again_after_the_approval_is_refused(stage: Any, make_run: Callable[..., Path]) -> None:
    approved(stage, make_run())
    with pytest.raises(ApprovalError, match="another digest"):
        publish(stage, make_run(text="second"))


def test_closed_pull_request_is_refused(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    stage.github().get_repo(FORK).get_pull(1).edit(state="closed")
    with pytest.raises(ApprovalError, match="closed without being merged"):
        publish(stage, run_dir)


def test_merged_pull_request_counts_as_it_was_approved(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    stage.github().get_repo(FORK).get_pull(1).merge()
    assert publish(stage, run_dir).outcome == "created"


def test_receipt_of_another_pull_request_is_refused(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    stage.standin.commit(FORK, {"x": "y"}, branch="elsewhere")
    other = stage.github().get_repo(FORK).create_pull(base="main", head="elsewhere", title="Other", body="")
    receipt = read_record(run_dir / "submit.json", Receipt)
    write_record(run_dir / "submit.json", msgspec.structs.replace(receipt, number=other.number))
    with pytest.raises(ApprovalError, match="comes from elsewhere"):
        publish(stage, run_dir)


@pytest.mark.parametrize("action", ["drop_after", "status"])
def test_lost_answer_still_ends_in_one_pull_request(
    open_stage: Any, make_run: Callable[..., Path], action: str
) -> None:
    fault = Fault(method="POST", path="/commit/main", action=action, when="after", status=504)  # type: ignore[arg-type]
    stage = open_stage([fault])
    run_dir = approved(stage, make_run())
    assert publish(stage, run_dir).outcome == "created"
    assert len(proposals(stage)) == 1
    assert publish(stage, run_dir).outcome == "unchanged"


def test_commit_that_did_not_land_is_told_and_done_by_the_next_run(
    open_stage: Any, make_run: Callable[..., Path]
) -> None:
    stage = open_stage([Fault(method="POST", path="/commit/main", action="drop_before")])
    run_dir = approved(stage, make_run())
    with pytest.raises(BoardUnreachableError, match="open a pull request"):
        publish(stage, run_dir)
    assert publish(stage, run_dir).outcome == "created"
    assert len(proposals(stage)) == 1


def test_closed_by_the_space_is_not_opened_again(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    number = publish(stage, run_dir).number
    hub(stage).change_discussion_status(LEADERBOARD, number, "closed", repo_type="space")
    receipt = publish(stage, run_dir)
    assert receipt.outcome == "skipped"
    assert str(number) in receipt.reason
    assert len(proposals(stage)) == 1


def test_merged_by_the_space_is_unchanged(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    number = publish(stage, run_dir).number
    maintainer = User(login="maintainer", token="standin-maintainer-token")
    stage.standin.store.state.users[maintainer.login] = maintainer
    hub(stage, maintainer).merge_pull_request(LEADERBOARD, number, repo_type="space")
    receipt = publish(stage, run_dir)
    assert (receipt.outcome, receipt.reason) == (
        "unchanged",
        f"the Space {LEADERBOARD} already holds exactly these files",
    )


def test_same_title_by_somebody_else_is_not_ours(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    title = "[Community Submission] Model: acme/Tiny-1, Username: ann"
    stranger = stage.standin.store.state.users["stranger"]
    hub(stage, stranger).create_pull_request(LEADERBOARD, title, repo_type="space")
    assert publish(stage, run_dir).outcome == "created"
    assert len(proposals(stage)) == 2


def test_filter_that_the_hub_ignores_hits_nobody_else(open_stage: Any, make_run: Callable[..., Path]) -> None:
    item = {
        "num": 1,
        "title": "[Community Submission] Model: acme/Tiny-1, Username: ann",
        "author": {"name": "stranger"},
        "status": "open",
        "isPullRequest": True,
        "createdAt": "2026-01-01T00:00:00.000Z",
        "repo": {"name": LEADERBOARD, "type": "space"},
    }
    body = {"count": 1, "start": 0, "discussions": [item]}
    stage = open_stage([Fault(method="GET", path="/discussions\\?", status=200, body=body)])
    assert publish(stage, approved(stage, make_run())).outcome == "created"


def test_own_pull_request_for_another_model_is_left_alone(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    title = "[Community Submission] Model: acme/Tiny-2, Username: ann"
    other = hub(stage).create_pull_request(LEADERBOARD, title, repo_type="space").num
    receipt = publish(stage, run_dir)
    assert receipt.outcome == "created"
    assert receipt.number != other


def test_several_own_pull_requests_stop(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    title = "[Community Submission] Model: acme/Tiny-1, Username: ann"
    for _ in range(2):
        hub(stage).create_pull_request(LEADERBOARD, title, repo_type="space")
    with pytest.raises(BoardError, match="several open pull requests") as caught:
        publish(stage, run_dir)
    assert "close all but one" in caught.value.hint


def test_bad_hub_token_names_the_variable(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    board = stage.space()
    board._clients = msgspec.structs.replace(
        stage.clients(), hub=lambda _: build_hub(stage.environment(HF_TOKEN="standin-wrong-token"))
    )
    with pytest.raises(TokenError) as caught:
        board.send(board.prepare(run_dir), SilentProgress())
    assert "HF_TOKEN" in caught.value.hint
    assert "standin-wrong-token" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_unknown_space_is_told_before_anything_is_sent(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    board = stage.space(space="nobody/nothing")
    with pytest.raises(BoardError, match="nobody/nothing"):
        board.problems(board.prepare(run_dir))


def test_space_name_without_owner_is_a_usage_error(stage: Any) -> None:
    with pytest.raises(UsageError, match="leaderboard"):
        stage.space(space="leaderboard")


def test_plan_tells_the_missing_approval_and_writes_nothing(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    stage.send_to_fork(run_dir)
    stage.standin.requests.clear()
    plan = plan_only(stage.space(), run_dir)
    assert plan.outcome == "created"
    assert plan.calls == ["POST commit/main?create_pr=1 with 7 files"]
    assert "is not approved" in plan.problems[0]
    assert plan.body_sha256 == sha256_bytes((run_dir / "pr_body.md").read_bytes())
    assert stage.writes() == []
