"""What people do on a pull request that podium opened, each with its answer: to submit, to publish, to take back."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from github import GithubException
from tests.unit.boards.stages import approved, hub

from podium.boards import submit, withdraw
from podium.errors import ApprovalError, BoardError
from podium.progress import SilentProgress
from podium.standin.gitstore import Change
from podium.standin.state import signature
from podium.standin.world import FORK, LEADERBOARD, REVIEWER, User

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from github.PullRequest import PullRequest

pytestmark = pytest.mark.world

FOLDER = "community_results/acme_Tiny-1_ann"
BRANCH = "podium/acme_Tiny-1_ann"
PASSER_BY = User(login="passer-by", token="standin-passer-by-token", scopes=["repo"])


def send(stage: Any, run_dir: Path, **targets: object) -> Any:
    return submit("submit", stage.fork(**targets), run_dir, SilentProgress())


def publish(stage: Any, run_dir: Path) -> Any:
    return submit("publish", stage.space(), run_dir, SilentProgress())


def pull_of(stage: Any, user: User = REVIEWER) -> PullRequest:
    pull: PullRequest = stage.github(user).get_repo(FORK).get_pull(1)
    return pull


def stored(stage: Any) -> Any:
    return stage.standin.store.state.repositories[FORK].pulls[0]


def update_branch(stage: Any) -> None:
    """GitHub's button, after the base moved."""
    stage.standin.commit(FORK, {"other.txt": "new\n"})
    assert pull_of(stage).update_branch()


# Update branch


def test_an_updated_branch_is_no_foreign_work(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    send(stage, run_dir)
    update_branch(stage)
    again = send(stage, run_dir)
    assert (again.outcome, again.number, again.head) == ("unchanged", 1, stored(stage).head_sha)
    assert send(stage, make_run(text="second", tag="v2")).outcome == "updated"
    update_branch(stage)
    assert withdraw("submit", stage.fork(), run_dir, SilentProgress()).outcome == "closed"


def test_an_approval_stays_when_only_the_base_was_merged_after_it(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    update_branch(stage)
    assert publish(stage, run_dir).outcome == "created"


def test_an_approval_does_not_stay_when_somebody_wrote_after_it(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    stage.standin.commit(FORK, {"x": "y"}, branch=BRANCH, author="reviewer")
    with pytest.raises(ApprovalError, match="changed after reviewer approved"):
        publish(stage, run_dir)


def test_a_merge_that_changes_our_folder_is_foreign_work(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    send(stage, run_dir)
    stage.standin.commit(FORK, {f"{FOLDER}/more.txt": "mine"})
    assert pull_of(stage).update_branch()
    with pytest.raises(BoardError, match="did not make"):
        send(stage, run_dir)


def test_a_merge_of_another_branch_is_foreign_work(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    send(stage, run_dir)
    other = stage.standin.commit(FORK, {"x": "y"}, branch="feature", author="reviewer")
    store = stage.standin.store
    git, who = store.git(store.state.repositories[FORK]), signature("reviewer", store.seconds())
    head = git.ref(f"refs/heads/{BRANCH}")
    merge = git.write_commit(git.merge_trees(head, other), [head, other], "Merge feature", who, who)
    git.set_ref(f"refs/heads/{BRANCH}", merge)
    with pytest.raises(BoardError, match="did not make"):
        send(stage, run_dir)


@pytest.mark.parametrize(("text", "is_foreign"), [("first", False), ("amended", True)])
def test_a_rebase_by_a_person_is_ours_while_the_folder_is_the_same(
    stage: Any, make_run: Callable[..., Path], text: str, is_foreign: bool
) -> None:
    run_dir = make_run()
    send(stage, run_dir)
    base = stage.standin.commit(FORK, {"other.txt": "new\n"})
    store = stage.standin.store
    repository = store.state.repositories[FORK]
    git = store.git(repository)
    head = git.read_commit(git.ref(f"refs/heads/{BRANCH}"))
    tree = git.merge_trees(base, head.sha)
    if text == "amended":
        change = Change(path=f"{FOLDER}/acme_Tiny-1_ann.json", sha=git.write_blob(b"{}"))
        tree = git.write_tree(tree, [change])
    copy = git.write_commit(tree, [base], head.message, head.author, signature("reviewer", store.seconds()))
    git.set_ref(f"refs/heads/{BRANCH}", copy)
    store.follow_branch(repository, f"refs/heads/{BRANCH}")
    if is_foreign:
        with pytest.raises(BoardError, match="did not make"):
            send(stage, run_dir)
        return
    assert send(stage, run_dir).outcome == "unchanged"


def test_the_command_against_foreign_work_keeps_the_pull_request(
    stage: Any, make_run: Callable[..., Path], tmp_path: Path
) -> None:
    run_dir = make_run()
    send(stage, run_dir)
    stage.standin.commit(FORK, {f"{FOLDER}/note.txt": "mine"}, branch=BRANCH, author="reviewer")
    with pytest.raises(BoardError) as caught:
        send(stage, run_dir)
    store = stage.standin.store
    git = store.git(store.state.repositories[FORK])
    command = caught.value.hint.partition("again: ")[2].split()
    assert command[:3] == ["git", "push", "--force"]
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(git.path), str(clone)], check=True)
    subprocess.run(command, cwd=clone, check=True, capture_output=True)
    store.follow_branch(store.state.repositories[FORK], f"refs/heads/{BRANCH}")
    again = send(stage, run_dir)
    assert (again.outcome, again.number) == ("unchanged", 1)


# Base, draft, title, state


def test_a_pull_request_led_to_another_base_is_led_back(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    stage.standin.commit(FORK, {}, branch="develop")
    pull_of(stage).edit(base="develop")
    stage.standin.requests.clear()
    receipt = send(stage, run_dir)
    assert (receipt.outcome, receipt.number, stored(stage).base) == ("updated", 1, "main")
    assert stage.writes() == [f"PATCH /api/v3/repos/{FORK}/pulls/1"]
    assert any("led to develop" in note for note in receipt.notes)
    assert publish(stage, run_dir).outcome == "created"


def test_a_draft_is_kept_up_to_date_and_not_published(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    pull_of(stage).convert_to_draft()
    receipt = send(stage, run_dir)
    assert receipt.outcome == "unchanged"
    assert any("is a draft" in note for note in receipt.notes)
    with pytest.raises(ApprovalError, match="is a draft") as caught:
        publish(stage, run_dir)
    assert "ready for review" in caught.value.hint
    pull_of(stage).mark_ready_for_review()
    assert publish(stage, run_dir).outcome == "created"


def test_an_edited_title_is_set_back_and_the_approval_stays(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    pull_of(stage).edit(title="Better title")
    with pytest.raises(ApprovalError, match="title or text") as caught:
        publish(stage, run_dir)
    assert "podium submit" in caught.value.hint
    assert send(stage, run_dir).outcome == "updated"
    assert stored(stage).title.startswith("[Community Submission]")
    assert publish(stage, run_dir).outcome == "created"


def test_a_closed_pull_request_that_is_reopened_goes_on(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    pull_of(stage).edit(state="closed")
    skipped = send(stage, run_dir)
    assert skipped.outcome == "skipped"
    assert "reopen it" in skipped.reason
    pull_of(stage).edit(state="open")
    assert send(stage, run_dir).outcome == "unchanged"
    assert publish(stage, run_dir).outcome == "created"


def test_a_withdrawn_pull_request_that_is_reopened_goes_on(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    head = send(stage, run_dir).head
    withdraw("submit", stage.fork(), run_dir, SilentProgress())
    stage.github(REVIEWER).get_repo(FORK).create_git_ref(f"refs/heads/{BRANCH}", head)
    pull_of(stage).edit(state="open")
    receipt = send(stage, run_dir)
    assert (receipt.outcome, receipt.number) == ("updated", 1)


# Reviews


def test_a_request_for_changes_by_a_passer_by_stops_nobody(stage: Any, make_run: Callable[..., Path]) -> None:
    stage.standin.store.state.users[PASSER_BY.login] = PASSER_BY
    run_dir = approved(stage, make_run())
    pull_of(stage, PASSER_BY).create_review(body="I would not.", event="REQUEST_CHANGES")
    assert publish(stage, run_dir).outcome == "created"


def test_a_request_for_changes_that_is_settled_stops_nobody(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = make_run()
    stage.review(send(stage, run_dir).number, "REQUEST_CHANGES")
    with pytest.raises(ApprovalError, match="asked for changes"):
        publish(stage, run_dir)
    pull_of(stage).get_reviews()[0].dismiss("Settled.")
    stage.review(1)
    assert publish(stage, run_dir).outcome == "created"


def test_a_reviewer_who_is_gone_has_no_vote(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    fork = stage.standin.store.state.repositories[FORK]
    fork.writers.remove(REVIEWER.login)
    with pytest.raises(ApprovalError, match="without write access"):
        publish(stage, run_dir)


# Lock


def test_a_locked_conversation_stops_nothing(stage: Any, make_run: Callable[..., Path]) -> None:
    send(stage, make_run())
    pull = pull_of(stage)
    pull._requester.requestJsonAndCheck("PUT", f"{pull.issue_url}/lock", input={"lock_reason": "resolved"})
    stage.standin.store.state.users[PASSER_BY.login] = PASSER_BY
    with pytest.raises(GithubException, match="issue is locked"):
        pull_of(stage, PASSER_BY).create_issue_comment("Hello.")
    assert send(stage, make_run(text="second", tag="v2")).outcome == "updated"
    assert stored(stage).comments


# On the Hub


def maintainer(stage: Any) -> Any:
    user = User(login="maintainer", token="standin-maintainer-token")
    stage.standin.store.state.users[user.login] = user
    return hub(stage, user)


def test_a_title_that_the_space_changed_is_still_our_pull_request(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    number = publish(stage, run_dir).number
    maintainer(stage).rename_discussion(LEADERBOARD, number, new_title="Add Tiny-1", repo_type="space")
    assert publish(stage, run_dir).outcome == "unchanged"
    second = publish(stage, approved(stage, make_run(text="second", tag="v2")))
    assert (second.outcome, second.number) == ("updated", number)
    taken = withdraw("publish", stage.space(), make_run(), SilentProgress())
    assert (taken.outcome, taken.number) == ("closed", number)


def test_a_renamed_and_closed_pull_request_is_not_opened_again(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    number = publish(stage, run_dir).number
    api = maintainer(stage)
    api.rename_discussion(LEADERBOARD, number, new_title="Add Tiny-1", repo_type="space")
    api.change_discussion_status(LEADERBOARD, number, "closed", repo_type="space")
    skipped = publish(stage, run_dir)
    assert skipped.outcome == "skipped"
    assert "reopen it" in skipped.reason
    api.change_discussion_status(LEADERBOARD, number, "open", repo_type="space")
    assert publish(stage, run_dir).outcome == "unchanged"


def test_a_space_without_discussions_is_told_as_what_it_is(stage: Any, make_run: Callable[..., Path]) -> None:
    run_dir = approved(stage, make_run())
    space = stage.standin.store.state.hub[f"spaces/{LEADERBOARD}"]
    space.discussions_disabled = True
    with pytest.raises(BoardError, match="Discussions are disabled") as caught:
        publish(stage, run_dir)
    assert caught.value.exit_code == 9
    assert "owner" in caught.value.hint
    assert "HF_TOKEN" not in caught.value.hint
    space.discussions_disabled = False
    assert publish(stage, run_dir).outcome == "created"
