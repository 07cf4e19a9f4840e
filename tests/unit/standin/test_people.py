"""What people do on GitHub, on the stand-in: renames that lead on, updated branches, locks, drafts; and world facts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest
from github import GithubException

from podium.standin.server import Standin
from podium.standin.world import BOT, FORK, LEADERBOARD, REVIEWER, Repository, Space, World, default_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.world

OLD, NEW = "acme/old", "acme/new"


class Staying(HTTPRedirectHandler):
    """Shows a redirect instead of following it."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def answer(url: str, method: str = "GET", body: object = None) -> tuple[int, str]:
    """Status and Location of one request."""
    request = Request(url, method=method, data=json.dumps(body or {}).encode() if method != "GET" else None)
    request.add_header("Authorization", f"token {BOT.token}")
    try:
        with build_opener(Staying).open(request) as reply:
            return reply.status, ""
    except HTTPError as err:
        with err:
            return err.code, err.headers.get("Location", "")


def world(**facts: Any) -> World:
    repository = Repository(full_name=NEW, writers=[BOT.login], files={"a": "b"}, former_names=[OLD], **facts)
    space = Space(id=NEW, files={"a": "b"}, former_names=[OLD], discussions=False)
    return World(users=[BOT, REVIEWER], repositories=[repository], spaces=[space])


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/pulls?state=all", {}, 301),
        ("POST", "/pulls", {"title": "x", "head": "a", "base": "main"}, 307),
        ("PATCH", "/pulls/1", {}, 307),
        ("DELETE", "/issues/1/lock", {}, 307),
    ],
)
def test_github_leads_on_by_number_and_keeps_path_and_query(
    tmp_path: Path, method: str, path: str, body: dict[str, str], status: int
) -> None:
    with Standin(tmp_path, world()) as standin:
        address = f"{standin.github_url}/repositories/{standin.store.state.repositories[NEW].id}"
        assert answer(f"{standin.github_url}/repos/{OLD}{path}", method, body) == (status, address + path)
        assert answer(f"{address}/pulls?state=all") == (200, "")
        assert answer(f"{standin.github_url}/repositories/999") == (404, "")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/api/spaces/{}/discussions?p=0", "/api/spaces/{}/discussions?p=0"),
        ("/spaces/{}/resolve/main/a", "/spaces/{}/resolve/main/a"),
        ("/spaces/{}.git/info/lfs/objects/batch", "/spaces/{}.git/info/lfs/objects/batch"),
    ],
)
def test_the_hub_leads_on_by_the_new_name(tmp_path: Path, method: str, path: str, place: str) -> None:
    with Standin(tmp_path, world()) as standin:
        assert answer(standin.hub_url + path.format(OLD), method) == (307, place.format(NEW))
        assert answer(standin.hub_url + path.format("acme/never"))[0] == 404


def test_a_rename_outlives_a_restart_with_the_same_world(tmp_path: Path, github: Callable[..., Any]) -> None:
    with Standin(tmp_path, default_world()) as standin:
        github(standin).get_repo(FORK).edit(name="boards")
        assert github(standin).get_repo(FORK).full_name == "paiml/boards"
    with Standin(tmp_path, default_world()) as standin:
        found = github(standin).get_repo(FORK)
        assert found.full_name == "paiml/boards"
        assert found.source.full_name == LEADERBOARD
        assert len(standin.store.state.repositories) == 2


def test_a_name_that_is_taken_is_refused(tmp_path: Path, github: Callable[..., Any]) -> None:
    taken = Repository(full_name="acme/taken", writers=[BOT.login], files={"a": "b"})
    there = world()
    both = World(users=there.users, repositories=[*there.repositories, taken])
    with Standin(tmp_path, both) as standin, pytest.raises(GithubException) as caught:
        github(standin).get_repo(NEW).edit(name="taken")
    assert caught.value.status == 422


def test_an_updated_branch_is_a_merge_by_whoever_asked(standin: Standin, github: Callable[..., Any]) -> None:
    repository = github(standin).get_repo(FORK)
    standin.commit(FORK, {"ours": "x"}, branch="ours", author=BOT.login)
    pull = repository.create_pull(base="main", head="ours", title="Ours", body="")
    base = standin.commit(FORK, {"new": "y"})
    assert github(standin, REVIEWER.token).get_repo(FORK).get_pull(pull.number).update_branch()
    commit = repository.get_commit(repository.get_pull(pull.number).head.sha)
    assert (commit.author.login, commit.committer.login) == (REVIEWER.login, "web-flow")
    assert [parent.sha for parent in commit.parents] == [pull.head.sha, base]
    with pytest.raises(GithubException):
        github(standin, REVIEWER.token).get_repo(FORK).get_pull(pull.number)._requester.requestJsonAndCheck(
            "PUT", f"{pull.url}/update-branch", input={}
        )


def test_a_draft_is_made_and_unmade(standin: Standin, github: Callable[..., Any]) -> None:
    standin.commit(FORK, {"ours": "x"}, branch="ours", author=BOT.login)
    pull = github(standin).get_repo(FORK).create_pull(base="main", head="ours", title="Ours", body="")
    pull.convert_to_draft()
    assert github(standin).get_repo(FORK).get_pull(1).draft
    pull.mark_ready_for_review()
    assert not github(standin).get_repo(FORK).get_pull(1).draft


def test_a_renamed_branch_leads_on(standin: Standin, github: Callable[..., Any]) -> None:
    repository = github(standin).get_repo(FORK)
    assert repository.rename_branch("main", "trunk")
    assert repository.get_branch("main").name == "trunk"
    assert github(standin).get_repo(FORK).default_branch == "trunk"
    with pytest.raises(GithubException):
        repository.get_git_ref("heads/main")


def test_limits_that_are_off_are_answered_as_enterprise_does(tmp_path: Path) -> None:
    facts = World(users=[BOT], rate_limits=False)
    with Standin(tmp_path, facts) as standin:
        assert answer(f"{standin.github_url}/rate_limit") == (404, "")
        reply = standin.answer("GET", "/api/v3/rate_limit", {"Authorization": f"token {BOT.token}"}, b"")
        assert reply is not None
        assert json.loads(reply.data())["message"] == "Rate limiting is not enabled."


def test_a_space_without_discussions_takes_no_pull_request(tmp_path: Path, hub: Callable[..., Any]) -> None:
    from huggingface_hub import CommitOperationAdd
    from huggingface_hub.errors import HfHubHTTPError

    with Standin(tmp_path, world()) as standin:
        api = hub(standin)
        with pytest.raises(HfHubHTTPError, match="Discussions are disabled"):
            list(api.get_repo_discussions(NEW, repo_type="space"))
        with pytest.raises(HfHubHTTPError, match="Discussions are disabled"):
            api.create_commit(
                NEW, [CommitOperationAdd("x", b"y")], commit_message="Add", repo_type="space", create_pr=True
            )
