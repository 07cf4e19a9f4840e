"""The GitHub side, asked by the real PyGithub."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from github import GithubException, InputGitTreeElement, UnknownObjectException
from github.GithubException import BadCredentialsException

from podium.standin.github.repositories import LOOKS_UNTIL_FORKED
from podium.standin.server import Standin
from podium.standin.world import BOT, FORK, LEADERBOARD, REVIEWER, Repository, User, World, default_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from github import Github
    from github.PullRequest import PullRequest
    from github.Repository import Repository as ClientRepository

pytestmark = pytest.mark.world

BRANCH = "podium/ORG_MODEL_USER"
RESULT = "community_results/ORG_MODEL_USER/result.json"


def commit_on(repository: ClientRepository, files: dict[str, str | None], parent: str) -> str:
    """Commit through blobs, one tree and one commit, as a submission does."""
    elements = [
        InputGitTreeElement(
            path, "100644", "blob", sha=None if text is None else repository.create_git_blob(text, "utf-8").sha
        )
        for path, text in files.items()
    ]
    tree = repository.create_git_tree(elements, base_tree=repository.get_git_tree(parent))
    return repository.create_git_commit("Submit", tree, [repository.get_git_commit(parent)]).sha


def open_pull(client: Github, name: str = FORK, branch: str = BRANCH, base: str = "main") -> PullRequest:
    fork = client.get_repo(name)
    commit = commit_on(fork, {RESULT: "{}\n"}, fork.get_branch(base).commit.sha)
    fork.create_git_ref(f"refs/heads/{branch}", commit)
    return fork.create_pull(base=base, head=branch, title="Title", body="Body")


def refusal(call: Callable[[], object]) -> tuple[int, str]:
    """Status and whole text of the refusal."""
    with pytest.raises(GithubException) as caught:
        call()
    return caught.value.status, str(caught.value.data)


def test_account_shows_login_and_classic_scopes(standin: Standin, github: Callable[..., Github]) -> None:
    client = github(standin)
    assert client.get_user().login == BOT.login
    assert client.oauth_scopes == ["repo", "workflow"]


def test_fork_names_its_parent_and_the_rights_of_the_caller(standin: Standin, github: Callable[..., Github]) -> None:
    fork = github(standin).get_repo(FORK)
    assert fork.fork
    assert [item.full_name for item in (fork.parent, fork.source) if item] == [LEADERBOARD, LEADERBOARD]
    assert (fork.archived, fork.default_branch, fork.permissions.push) == (False, "main", True)
    assert github(standin).get_repo(LEADERBOARD).permissions.push is False


def test_pull_request_shows_exactly_the_files_of_its_tree(standin: Standin, github: Callable[..., Github]) -> None:
    fork = github(standin).get_repo(FORK)
    commit = commit_on(fork, {RESULT: "{}\n", "data/.gitkeep": None}, fork.get_branch("main").commit.sha)
    fork.create_git_ref(f"refs/heads/{BRANCH}", commit)
    pull = fork.create_pull(base="main", head=BRANCH, title="Title", body="Body")
    assert (pull.number, pull.head.sha, pull.head.label) == (1, commit, f"paiml:{BRANCH}")
    files = {file.filename: (file.status, file.additions, file.patch) for file in pull.get_files()}
    assert files == {RESULT: ("added", 1, "@@ -0,0 +1 @@\n+{}"), "data/.gitkeep": ("removed", 0, None)}
    assert (pull.changed_files, pull.commits, pull.mergeable) == (2, 1, True)
    assert fork.get_contents(RESULT, ref=BRANCH).decoded_content == b"{}\n"  # type: ignore[union-attr]


def test_pull_request_is_found_by_its_head_and_not_by_another(standin: Standin, github: Callable[..., Github]) -> None:
    open_pull(github(standin))
    fork = github(standin).get_repo(FORK)
    assert [pull.number for pull in fork.get_pulls(state="all", head=f"paiml:{BRANCH}")] == [1]
    assert [pull.number for pull in fork.get_pulls(state="all", head="paiml:other")] == []
    assert [pull.number for pull in fork.get_pulls(state="closed")] == []
    assert [pull.number for pull in fork.get_pulls(head="other")] == [1], "a head without owner filters nothing"


def test_pages_of_pull_requests_are_followed(standin: Standin, github: Callable[..., Github]) -> None:
    client = github(standin)
    for number in range(3):
        open_pull(client, branch=f"branch-{number}")
    client.per_page = 1
    found = client.get_repo(FORK).get_pulls()
    assert [pull.number for pull in found] == [3, 2, 1]
    assert found.totalCount == 3


def test_edit_changes_title_body_and_state(standin: Standin, github: Callable[..., Github]) -> None:
    open_pull(github(standin)).edit(title="New", body="Text", state="closed")
    pull = github(standin).get_repo(FORK).get_pull(1)
    assert (pull.title, pull.body, pull.state) == ("New", "Text", "closed")


def test_moved_branch_moves_the_pull_request(standin: Standin, github: Callable[..., Github]) -> None:
    pull = open_pull(github(standin))
    fork = github(standin).get_repo(FORK)
    second = commit_on(fork, {RESULT: "[]\n"}, pull.head.sha)
    fork.get_git_ref(f"heads/{BRANCH}").edit(second)
    assert fork.get_pull(1).head.sha == second


def test_deleted_branch_closes_the_pull_request(standin: Standin, github: Callable[..., Github]) -> None:
    open_pull(github(standin))
    fork = github(standin).get_repo(FORK)
    fork.get_git_ref(f"heads/{BRANCH}").delete()
    assert fork.get_pull(1).state == "closed"
    assert [ref.ref for ref in fork.get_git_matching_refs("heads/podium")] == []


def test_reviewer_approves_and_may_be_overruled(standin: Standin, github: Callable[..., Github]) -> None:
    pull = open_pull(github(standin))
    pull.create_review_request(reviewers=[REVIEWER.login])
    assert [user.login for user in pull.get_review_requests()[0]] == [REVIEWER.login]
    review = github(standin, REVIEWER.token).get_repo(FORK).get_pull(1).create_review(event="APPROVE")
    assert [(item.user.login, item.state, item.commit_id) for item in pull.get_reviews()] == [
        (REVIEWER.login, "APPROVED", pull.head.sha)
    ]
    assert pull.get_review_requests()[0].totalCount == 0
    review.dismiss("changed since")
    assert pull.get_review(review.id).state == "DISMISSED"


def test_author_cannot_approve_his_own(standin: Standin, github: Callable[..., Github]) -> None:
    pull = open_pull(github(standin))
    assert refusal(lambda: pull.create_review(event="APPROVE"))[0] == 422
    assert pull.get_reviews().totalCount == 0


def test_comment_is_edited_in_place(standin: Standin, github: Callable[..., Github]) -> None:
    pull = open_pull(github(standin))
    pull.create_issue_comment("one").edit("two")
    pull.add_to_labels("submission")
    assert [comment.body for comment in pull.get_issue_comments()] == ["two"]
    assert [label.name for label in github(standin).get_repo(FORK).get_pull(1).labels] == ["submission"]


def test_second_pull_request_from_a_branch_is_refused_in_githubs_words(
    standin: Standin, github: Callable[..., Github]
) -> None:
    open_pull(github(standin))
    fork = github(standin).get_repo(FORK)
    status, text = refusal(lambda: fork.create_pull(base="main", head=BRANCH, title="Again"))
    assert status == 422
    assert f"A pull request already exists for paiml:{BRANCH}." in text


def test_each_422_has_its_own_text(standin: Standin, github: Callable[..., Github]) -> None:
    fork = github(standin).get_repo(FORK)
    main = fork.get_branch("main").commit.sha
    fork.create_git_ref("refs/heads/same", main)
    gone = fork.create_git_ref("refs/heads/gone", main)
    gone.delete()
    calls: dict[str, Callable[[], object]] = {
        "No commits between main and same": lambda: fork.create_pull(base="main", head="same", title="T"),
        "'field': 'head'": lambda: fork.create_pull(base="main", head="absent", title="T"),
        "'field': 'base'": lambda: fork.create_pull(base="absent", head="same", title="T"),
        "missing_field": lambda: fork.create_pull(base="main", head="same", title=""),
        "body is too long": lambda: fork.create_pull(base="main", head="same", title="T", body="x" * 65_537),
        "Reference already exists": lambda: fork.create_git_ref("refs/heads/same", main),
        "Reference name": lambda: fork.create_git_ref("refs/heads/a..b", main),
        "Object does not exist": lambda: fork.create_git_ref("refs/heads/new", "0" * 40),
        "Reference does not exist": gone.delete,
        "malformed path": lambda: commit_on(fork, {"../up": "x"}, main),
        "BadObjectState": lambda: commit_on(fork, {"absent": None}, main),
    }
    for wanted, call in calls.items():
        status, text = refusal(call)
        assert (status, wanted in text) == (422, True), (wanted, text)


def test_backward_move_needs_force(standin: Standin, github: Callable[..., Github]) -> None:
    pull = open_pull(github(standin))
    ref = github(standin).get_repo(FORK).get_git_ref(f"heads/{BRANCH}")
    assert "not a fast forward" in refusal(lambda: ref.edit(pull.base.sha))[1]
    ref.edit(pull.base.sha, force=True)
    assert ref.object.sha == pull.base.sha


def test_unknown_things_are_404_and_recorded(standin: Standin, github: Callable[..., Github]) -> None:
    client = github(standin)
    with pytest.raises(UnknownObjectException):
        client.get_repo("nobody/nothing")
    status, text = refusal(lambda: client.get_repo(FORK).get_milestone(1))
    assert (status, "stand-in: no such route" in text) == (404, True)
    assert [(item.method, item.status) for item in standin.requests] == [("GET", 404), ("GET", 200), ("GET", 404)]
    assert standin.requests[-1].path == f"/api/v3/repos/{FORK}/milestones/1"


def test_wrong_token_is_401(standin: Standin, github: Callable[..., Github]) -> None:
    with pytest.raises(BadCredentialsException):
        github(standin, "wrong").get_repo(FORK)


def test_writing_without_being_a_writer_is_403(standin: Standin, github: Callable[..., Github]) -> None:
    upstream = github(standin).get_repo(LEADERBOARD)
    assert refusal(lambda: upstream.create_git_blob("x", "utf-8"))[0] == 403


def test_scope_and_kind_of_token_decide(tmp_path: Path, github: Callable[..., Github]) -> None:
    world = World(
        users=[
            User(login="reader", token="r", scopes=[]),
            User(login="fine", token="f"),
            User(login="owner", token="o", scopes=["public_repo"]),
        ],
        repositories=[Repository(full_name="owner/board", files={"a": "1"}, writers=["fine", "reader"])],
    )
    with Standin(tmp_path, world) as standin:
        assert github(standin, "f").oauth_scopes is None
        github(standin, "f").get_repo("owner/board").create_git_blob("x", "utf-8")
        github(standin, "o").get_repo("owner/board").create_git_blob("x", "utf-8")
        reader = github(standin, "r").get_repo("owner/board")
        assert "public_repo" in refusal(lambda: reader.create_git_blob("x", "utf-8"))[1]


def test_fork_is_created_once_and_starts_at_its_parent(standin: Standin, github: Callable[..., Github]) -> None:
    upstream = github(standin).get_repo(LEADERBOARD)
    made = [upstream.create_fork().full_name for _ in range(2)]
    assert made == [f"{BOT.login}/bigcode-models-leaderboard"] * 2
    # GitHub makes a fork in its own time.
    for _ in range(LOOKS_UNTIL_FORKED):
        with pytest.raises(GithubException, match="404"):
            github(standin).get_repo(made[0])
    fork = github(standin).get_repo(made[0])
    assert fork.get_branch("main").commit.sha == upstream.get_branch("main").commit.sha


def test_fork_may_branch_from_upstreams_head_without_syncing(standin: Standin, github: Callable[..., Github]) -> None:
    head = standin.commit(LEADERBOARD, {"news.md": "x"})
    fork = github(standin).get_repo(FORK)
    assert fork.compare("bigcode:main", "main").behind_by == 1
    fork.create_git_ref(f"refs/heads/{BRANCH}", commit_on(fork, {RESULT: "{}"}, head))
    upstream = github(standin).get_repo(LEADERBOARD)
    pull = upstream.create_pull(base="main", head=f"paiml:{BRANCH}", title="Title")
    assert [file.filename for file in pull.get_files()] == [RESULT]


def test_merge_upstream_forwards_merges_or_conflicts(standin: Standin, github: Callable[..., Github]) -> None:
    fork = github(standin).get_repo(FORK)
    assert fork.merge_upstream("main").merge_type == "none"
    standin.commit(LEADERBOARD, {"news.md": "1"})
    assert fork.merge_upstream("main").merge_type == "fast-forward"
    standin.commit(LEADERBOARD, {"news.md": "2"})
    standin.commit(FORK, {"own.md": "1"})
    assert fork.merge_upstream("main").merge_type == "merge"
    standin.commit(LEADERBOARD, {"news.md": "3"})
    standin.commit(FORK, {"news.md": "4"})
    assert refusal(lambda: fork.merge_upstream("main"))[0] == 409


def test_workflow_files_of_upstream_need_the_workflow_scope(standin: Standin, github: Callable[..., Github]) -> None:
    head = standin.commit(LEADERBOARD, {".github/workflows/ci.yml": "on: push\n"})
    fork = github(standin, REVIEWER.token).get_repo(FORK)
    for call in (lambda: fork.create_git_ref("refs/heads/new", head), lambda: fork.merge_upstream("main")):
        status, text = refusal(call)
        assert (status, "without `workflow` scope" in text) == (422, True)
    assert github(standin).get_repo(FORK).merge_upstream("main").merge_type == "fast-forward"


def test_merged_pull_request_lands_in_its_base(standin: Standin, github: Callable[..., Github]) -> None:
    pull = open_pull(github(standin))
    assert not pull.is_merged()
    assert pull.merge().merged
    fork = github(standin).get_repo(FORK)
    assert fork.get_pull(1).is_merged()
    assert fork.get_contents(RESULT).path == RESULT  # type: ignore[union-attr]
    assert [file.filename for file in fork.get_pull(1).get_files()] == [RESULT]


def test_closed_or_conflicting_pull_request_is_not_merged(standin: Standin, github: Callable[..., Github]) -> None:
    pull = open_pull(github(standin))
    standin.commit(FORK, {RESULT: "[]\n"})
    assert github(standin).get_repo(FORK).get_pull(1).mergeable is False
    assert refusal(pull.merge)[0] == 405
    pull.edit(state="closed")
    assert refusal(pull.merge)[0] == 405


def test_objects_come_back_byte_for_byte(standin: Standin, github: Callable[..., Github]) -> None:
    fork = github(standin).get_repo(FORK)
    blob = fork.create_git_blob("AP/+Cg==", "base64")
    assert fork.get_git_blob(blob.sha).size == 4
    main = fork.get_branch("main").commit.sha
    listed = {entry.path: entry.type for entry in fork.get_git_tree(main, recursive=True).tree}
    assert listed["community_results/.gitkeep"] == "blob"
    assert listed["community_results"] == "tree"
    commit = fork.get_git_commit(commit_on(fork, {"x": "1"}, main))
    assert (commit.message, commit.parents[0].sha, commit.author.name) == ("Submit", main, BOT.login)
    assert [item.name for item in fork.get_contents("data")] == [".gitkeep"]  # type: ignore[union-attr]
    assert [item.sha for item in fork.get_commits()] == [main]


def test_default_world_survives_a_copy_through_json() -> None:
    from podium.records import decode, encode

    assert decode(encode(default_world()), World, "world") == default_world()


def test_a_draft_release_is_published_by_an_edit(standin: Standin, github: Callable[..., Github]) -> None:
    fork = github(standin).get_repo(FORK)
    draft = fork.create_git_release("v1", "v1", "", draft=True)
    with pytest.raises(UnknownObjectException):
        fork.get_release("v1")
    draft.update_release("v1", "", draft=False)
    assert fork.get_release("v1").draft is False
