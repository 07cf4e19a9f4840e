"""The board `fork` against the stand-in, by the real GitHub client over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.unit.boards.runs import grouped_json, make_plan

from podium.errors import BoardError, BoardUnreachableError, BudgetError, TokenError, UsageError
from podium.progress import SilentProgress
from podium.standin.faults import Fault
from podium.standin.world import FORK
from podium.submission.marks import plain, release_marker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.world

FOLDER = "community_results/acme_Tiny-1_ann"
BRANCH = "podium/acme_Tiny-1_ann"
TITLE = "[Community Submission] Model: acme/Tiny-1, Username: ann"


def pulls(stage: Any) -> list[Any]:
    return list(stage.github().get_repo(FORK).get_pulls(state="all"))


def files_of(stage: Any, ref: str) -> dict[str, bytes]:
    tree = stage.github().get_repo(FORK).get_git_tree(ref, recursive=True).tree
    repository = stage.github().get_repo(FORK)
    return {
        entry.path.removeprefix(FOLDER + "/"): repository.get_contents(entry.path, ref=ref).decoded_content
        for entry in tree
        if entry.type == "blob" and entry.path.startswith(FOLDER + "/")
    }


def test_first_send_opens_a_pull_request_with_exactly_the_files(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    receipt = stage.send_to_fork(run_dir)
    (pull,) = pulls(stage)
    assert receipt.outcome == "created"
    assert (receipt.number, receipt.url, receipt.branch) == (pull.number, pull.html_url, BRANCH)
    assert receipt.head == pull.head.sha
    assert pull.title == TITLE
    assert plain(pull.body) == f"{(run_dir / 'pr_body.md').read_text()}\n{release_marker('v1')}"
    folder = run_dir / "submission" / FOLDER
    local = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert files_of(stage, pull.head.sha) == local
    assert len(local) == 7
    assert [file.filename for file in pull.get_files()] == sorted(f"{FOLDER}/{path}" for path in local)


def test_second_send_is_unchanged_and_writes_nothing(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    first = stage.send_to_fork(run_dir)
    stage.standin.requests.clear()
    second = stage.send_to_fork(run_dir)
    assert second == msgspec.structs.replace(first, outcome="unchanged")
    assert stage.writes() == []


def test_changed_files_update_the_same_pull_request(stage: Any, make_run: Callable[..., Path]) -> None:
    first = stage.send_to_fork(make_run())
    second = stage.send_to_fork(make_run(text="second"))
    (pull,) = pulls(stage)
    assert (second.outcome, second.number) == ("updated", first.number)
    assert second.head == pull.head.sha != first.head
    assert files_of(stage, pull.head.sha)["acme_Tiny-1_ann.json"] == grouped_json(make_plan(), "second")
    assert "Scores of second" in pull.body


def test_only_changed_files_are_sent_again(stage: Any, make_run: Callable[..., Path]) -> None:
    stage.send_to_fork(make_run())
    stage.standin.requests.clear()
    stage.send_to_fork(make_run(grouped="changed"))
    assert stage.count("POST", "/git/blobs") == 1


def test_changed_text_alone_edits_without_a_commit(stage: Any, make_run: Callable[..., Path]) -> None:
    first = stage.send_to_fork(make_run())
    stage.standin.requests.clear()
    second = stage.send_to_fork(make_run(body="Better words"))
    assert (second.outcome, second.head) == ("updated", first.head)
    assert stage.writes() == [f"PATCH /api/v3/repos/{FORK}/pulls/{first.number}"]
    assert "Better words" in pulls(stage)[0].body


def test_line_ends_changed_by_github_are_no_change(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    number = stage.send_to_fork(run_dir).number
    pull = stage.github().get_repo(FORK).get_pull(number)
    pull.edit(body=pull.body.replace("\n", "\r\n").rstrip())
    assert stage.send_to_fork(run_dir).outcome == "unchanged"


def test_stale_files_of_the_folder_go_away(stage: Any, make_run: Callable[..., Path]) -> None:
    stage.standin.commit(FORK, {f"{FOLDER}/old/left.json": "{}", "other.txt": "kept"})
    receipt = stage.send_to_fork(make_run())
    assert "old/left.json" not in files_of(stage, receipt.head)
    paths = {entry.path for entry in stage.github().get_repo(FORK).get_git_tree(receipt.head, recursive=True).tree}
    assert "other.txt" in paths


def test_branch_that_fell_behind_takes_the_base_along(stage: Any, make_run: Callable[..., Path]) -> None:
    stage.send_to_fork(make_run())
    base = stage.standin.commit(FORK, {"README.md": "new\n"})
    receipt = stage.send_to_fork(make_run(text="second"))
    repository = stage.github().get_repo(FORK)
    assert base in [parent.sha for parent in repository.get_git_commit(receipt.head).parents]
    assert all(file.filename.startswith(FOLDER) for file in repository.get_pull(receipt.number).get_files())


def test_human_commit_on_the_branch_stops(stage: Any, make_run: Callable[..., Path]) -> None:
    stage.send_to_fork(make_run())
    head = stage.standin.commit(FORK, {f"{FOLDER}/note.txt": "mine"}, branch=BRANCH, author="reviewer")
    with pytest.raises(BoardError, match=head[:12]) as caught:
        stage.send_to_fork(make_run(text="second"))
    assert "another branch" in caught.value.hint
    assert stage.github().get_repo(FORK).get_git_ref(f"heads/{BRANCH}").object.sha == head


def test_human_commit_with_a_copied_trailer_stops_too(stage: Any, make_run: Callable[..., Path]) -> None:
    stage.send_to_fork(make_run())
    message = f"Fix\n\nPodium-Submission: {'0' * 64}"
    stage.standin.commit(FORK, {"x": "y"}, branch=BRANCH, author="reviewer", message=message)
    with pytest.raises(BoardError, match="did not make"):
        stage.send_to_fork(make_run(text="second"))


def test_commit_by_hand_with_podiums_account_stops_too(stage: Any, make_run: Callable[..., Path]) -> None:
    stage.send_to_fork(make_run())
    stage.standin.commit(FORK, {"x": "y"}, branch=BRANCH, author="podium-bot", message="By hand")
    with pytest.raises(BoardError, match="did not make"):
        stage.send_to_fork(make_run(text="second"))


def test_pull_request_of_somebody_else_from_our_branch_stops(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    receipt = stage.send_to_fork(run_dir)
    repository = stage.github().get_repo(FORK)
    repository.get_pull(receipt.number).edit(state="closed")
    stranger = next(user for user in stage.standin.store.state.users.values() if user.login == "stranger")
    stage.github(stranger).get_repo(FORK).create_pull(base="main", head=BRANCH, title="Mine", body="")
    with pytest.raises(BoardError, match="opened by stranger"):
        stage.send_to_fork(run_dir)


def test_branch_left_without_pull_request_is_used(open_stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    stage = open_stage([Fault(method="POST", path="/pulls$", action="drop_before", times=9)])
    with pytest.raises(BoardUnreachableError, match="open a pull request"):
        stage.send_to_fork(run_dir)
    stage = open_stage()
    receipt = stage.send_to_fork(run_dir)
    assert receipt.outcome == "created"
    assert stage.writes() == [f"POST /api/v3/repos/{FORK}/pulls"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/git/blobs$"),
        ("POST", "/git/trees$"),
        ("POST", "/git/commits$"),
        ("POST", "/git/refs$"),
        ("POST", "/pulls$"),
    ],
)
@pytest.mark.parametrize("action", ["drop_after", "status"])
def test_lost_answer_still_ends_in_one_pull_request(
    open_stage: Any, make_run: Callable[..., Path], method: str, path: str, action: str
) -> None:
    fault = Fault(method=method, path=path, action=action, when="after", status=502)  # type: ignore[arg-type]
    stage = open_stage([fault])
    run_dir = make_run()
    assert stage.send_to_fork(run_dir).outcome == "created"
    assert stage.count("POST", "/pulls") == 1
    assert len(pulls(stage)) == 1
    assert stage.send_to_fork(run_dir).outcome == "unchanged"


@pytest.mark.parametrize("nth", range(1, 30, 3))
def test_death_at_any_call_is_healed_by_the_next_run(open_stage: Any, make_run: Callable[..., Path], nth: int) -> None:
    run_dir = make_run()
    stage = open_stage([Fault(path="/api/v3/", nth=nth, times=40, action="drop_after")])
    try:
        stage.send_to_fork(run_dir)
    except BoardUnreachableError:
        stage = open_stage()
        assert stage.send_to_fork(run_dir).outcome in {"created", "unchanged"}
    stage = open_stage()
    assert stage.send_to_fork(run_dir).outcome == "unchanged"
    assert len(pulls(stage)) == 1
    heads = [branch.name for branch in stage.github().get_repo(FORK).get_branches()]
    assert sorted(heads) == ["main", BRANCH]


def test_lost_answer_of_an_update_is_looked_up(open_stage: Any, make_run: Callable[..., Path]) -> None:
    open_stage().send_to_fork(make_run())
    stage = open_stage([Fault(method="PATCH", path="/git/refs/", action="drop_after")])
    assert stage.send_to_fork(make_run(text="second")).outcome == "updated"
    assert files_of(stage, BRANCH)["acme_Tiny-1_ann.json"] == grouped_json(make_plan(), "second")


def test_creation_whose_listing_lags_is_waited_for(open_stage: Any, make_run: Callable[..., Path]) -> None:
    empty = Fault(method="GET", path="/pulls\\?", nth=2, status=200, body=[])
    stage = open_stage([Fault(method="POST", path="/pulls$", action="drop_after"), empty])
    assert stage.send_to_fork(make_run()).outcome == "created"
    assert stage.pauses
    assert len(pulls(stage)) == 1


def test_closed_pull_request_with_the_same_files_is_not_reopened(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    number = stage.send_to_fork(run_dir).number
    stage.github().get_repo(FORK).get_pull(number).edit(state="closed")
    receipt = stage.send_to_fork(run_dir)
    assert receipt.outcome == "skipped"
    assert f"#{number}" in receipt.reason
    assert len(pulls(stage)) == 1


def test_closed_pull_request_does_not_stop_the_next_release(stage: Any, make_run: Callable[..., Path]) -> None:
    number = stage.send_to_fork(make_run()).number
    stage.github().get_repo(FORK).get_pull(number).edit(state="closed")
    receipt = stage.send_to_fork(make_run(text="second"))
    assert receipt.outcome == "created"
    assert receipt.number != number


def test_merged_submission_is_unchanged(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    number = stage.send_to_fork(run_dir).number
    stage.github().get_repo(FORK).get_pull(number).merge()
    receipt = stage.send_to_fork(run_dir)
    assert (receipt.outcome, receipt.number) == ("unchanged", number)


def test_release_after_a_merge_opens_a_new_pull_request(stage: Any, make_run: Callable[..., Path]) -> None:
    number = stage.send_to_fork(make_run()).number
    stage.github().get_repo(FORK).get_pull(number).merge()
    receipt = stage.send_to_fork(make_run(text="second"))
    assert receipt.outcome == "created"
    pull = stage.github().get_repo(FORK).get_pull(receipt.number)
    assert pull.mergeable
    assert all(file.filename.startswith(FOLDER) for file in pull.get_files())


def test_labels_and_reviewers_are_asked_for(stage: Any, make_run: Callable[..., Path]) -> None:
    board = stage.fork(labels=("leaderboard",), reviewers=("reviewer",))
    board.send(board.prepare(make_run()), SilentProgress())
    (pull,) = pulls(stage)
    assert [label.name for label in pull.labels] == ["leaderboard"]
    assert [user.login for user in pull.requested_reviewers] == ["reviewer"]


def test_refused_reviewer_is_a_note_not_a_failure(stage: Any, make_run: Callable[..., Path]) -> None:
    board, report = stage.fork(reviewers=("nobody",)), SilentProgress()
    assert board.send(board.prepare(make_run()), report).outcome == "created"
    assert any("collaborator" in note for note in report.notes)


@pytest.mark.parametrize(
    ("body", "error", "text"),
    [
        (
            {"message": "Validation Failed", "errors": [{"field": "base", "code": "invalid"}]},
            BoardError,
            "base invalid",
        ),
        ({"message": "Something new"}, BoardError, "Something new"),
    ],
)
def test_unknown_422_is_raised_in_githubs_words(
    open_stage: Any, make_run: Callable[..., Path], body: object, error: type[BoardError], text: str
) -> None:
    stage = open_stage([Fault(method="POST", path="/pulls$", status=422, body=body)])
    with pytest.raises(error, match=text):
        stage.send_to_fork(make_run())


def test_missing_workflow_scope_names_the_scope(open_stage: Any, make_run: Callable[..., Path]) -> None:
    message = "refusing to allow a Personal Access Token to create or update workflow `x` without `workflow` scope"
    stage = open_stage([Fault(method="POST", path="/git/refs$", status=422, body={"message": message})])
    with pytest.raises(BoardError) as caught:
        stage.send_to_fork(make_run())
    assert "scope `workflow`" in caught.value.hint


def test_forbidden_actions_names_the_setting(open_stage: Any, make_run: Callable[..., Path]) -> None:
    message = "GitHub Actions is not permitted to create or approve pull requests."
    stage = open_stage([Fault(method="POST", path="/pulls$", status=403, body={"message": message})])
    with pytest.raises(BoardError) as caught:
        stage.send_to_fork(make_run())
    assert "Settings > Actions" in caught.value.hint


def test_bad_token_names_the_variable(stage: Any, make_run: Callable[..., Path]) -> None:
    from podium.standin.world import User

    board = stage.fork(User(login="ghost", token="standin-wrong-token"))
    with pytest.raises(TokenError) as caught:
        board.problems(board.prepare(make_run()))
    assert "PODIUM_FORK_TOKEN" in caught.value.hint
    assert "standin-wrong-token" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_rate_limit_says_how_long_to_wait(open_stage: Any, make_run: Callable[..., Path]) -> None:
    limited = {"message": "You have exceeded a secondary rate limit."}
    fault = Fault(method="POST", path="/pulls$", times=9, status=403, body=limited, headers={"Retry-After": "7"})
    stage = open_stage([fault])
    with pytest.raises(BoardUnreachableError) as caught:
        stage.send_to_fork(make_run())
    assert "wait 7 seconds" in caught.value.hint
    assert stage.pauses == [7.0, 7.0, 7.0, *[2.0] * 3]


def test_short_rate_limit_is_waited_out(open_stage: Any, make_run: Callable[..., Path]) -> None:
    limited = {"message": "You have exceeded a secondary rate limit."}
    fault = Fault(method="POST", path="/pulls$", status=403, body=limited, headers={"Retry-After": "7"})
    stage = open_stage([fault])
    assert stage.send_to_fork(make_run()).outcome == "created"
    assert stage.pauses == [7.0]


def test_long_rate_limit_is_not_waited_out(open_stage: Any, make_run: Callable[..., Path]) -> None:
    limited = {"message": "API rate limit exceeded"}
    fault = Fault(method="POST", path="/git/blobs$", times=9, status=429, body=limited, headers={"Retry-After": "900"})
    stage = open_stage([fault])
    with pytest.raises(BudgetError, match="rate limit"):
        stage.send_to_fork(make_run())
    assert 900.0 not in stage.pauses


@pytest.mark.parametrize(("fork", "rule"), [({"archived": True}, "fork-archived"), ({"writers": []}, "fork-read-only")])
def test_preflight_finds_what_forbids_writing(
    open_stage: Any, make_run: Callable[..., Path], make_world: Callable[..., Any], fork: dict[str, Any], rule: str
) -> None:
    board = open_stage(world=make_world(**fork)).fork()
    assert rule in [problem.rule for problem in board.problems(board.prepare(make_run()))]


def test_preflight_finds_a_missing_base_branch(stage: Any, make_run: Callable[..., Path]) -> None:
    board = stage.fork(base="gone")
    (problem,) = board.problems(board.prepare(make_run()))
    assert problem.rule == "fork-base-missing"
    assert "--base" in problem.hint


def test_preflight_of_a_healthy_fork_finds_nothing(stage: Any, make_run: Callable[..., Path]) -> None:
    board = stage.fork()
    assert board.problems(board.prepare(make_run())) == []
    assert stage.writes() == []


def test_unknown_fork_is_named(stage: Any, make_run: Callable[..., Path]) -> None:
    board = stage.fork(fork="nobody/nothing")
    (problem,) = board.problems(board.prepare(make_run()))
    assert (problem.rule, problem.path) == ("fork-missing", "nobody/nothing")


def test_fork_name_without_owner_is_a_usage_error(stage: Any) -> None:
    with pytest.raises(UsageError, match="leaderboard"):
        stage.fork(fork="leaderboard")


def test_outlook_tells_what_send_does_and_writes_nothing(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    board = stage.fork()
    before = board.outlook(board.prepare(run_dir))
    assert stage.writes() == []
    assert before.outcome == "created"
    assert before.calls[0] == "POST git/blobs x 7"
    stage.send_to_fork(run_dir)
    after = board.outlook(board.prepare(run_dir))
    assert (after.outcome, after.calls) == ("unchanged", [])
    changed = board.outlook(board.prepare(make_run(body="Better words")))
    assert changed.outcome == "updated"
    assert changed.calls == ["PATCH pulls/1"]
