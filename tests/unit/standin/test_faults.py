"""Scripted failures: what the client sees, and what really happened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from github import GithubException
from huggingface_hub import CommitOperationAdd
from requests.exceptions import ConnectionError as ClientConnectionError

from podium.errors import RecordError, UsageError
from podium.standin.faults import Fault, Faults, read_faults
from podium.standin.server import Standin
from podium.standin.world import FORK, LEADERBOARD, default_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from github import Github
    from huggingface_hub import HfApi

REFS = "/git/refs$"


def branches(standin: Standin, github: Callable[..., Github]) -> list[str]:
    return [branch.name for branch in github(standin).get_repo(FORK).get_branches()]


def create(standin: Standin, github: Callable[..., Github], name: str = "new") -> None:
    fork = github(standin).get_repo(FORK)
    fork.create_git_ref(f"refs/heads/{name}", fork.get_branch("main").commit.sha)


@pytest.mark.world
@pytest.mark.parametrize(("action", "landed"), [("drop_before", False), ("drop_after", True)])
def test_dropped_connection_leaves_the_effect_it_says(
    tmp_path: Path, github: Callable[..., Github], action: str, landed: bool
) -> None:
    fault = Fault(method="POST", path=REFS, action=action)  # type: ignore[arg-type]
    with Standin(tmp_path, default_world(), faults=[fault]) as standin:
        with pytest.raises(ClientConnectionError):
            create(standin, github)
        assert ("new" in branches(standin, github)) is landed
        assert [item.status for item in standin.requests if item.method == "POST"] == [0]


@pytest.mark.world
@pytest.mark.parametrize(("when", "landed"), [("before", False), ("after", True)])
def test_wrong_status_comes_instead_of_the_effect_or_after_it(
    tmp_path: Path, github: Callable[..., Github], when: str, landed: bool
) -> None:
    fault = Fault(path=REFS, status=502, body={"message": "Server Error"}, when=when)  # type: ignore[arg-type]
    with Standin(tmp_path, default_world(), faults=[fault]) as standin:
        with pytest.raises(GithubException) as caught:
            create(standin, github)
        assert (caught.value.status, caught.value.data) == (502, {"message": "Server Error"})
        assert ("new" in branches(standin, github)) is landed


@pytest.mark.world
def test_fault_headers_reach_the_client(tmp_path: Path, github: Callable[..., Github]) -> None:
    fault = Fault(path=REFS, status=429, body={}, headers={"Retry-After": "7"})
    with Standin(tmp_path, default_world(), faults=[fault]) as standin:
        with pytest.raises(GithubException) as caught:
            create(standin, github)
        headers = caught.value.headers or {}
        assert {name.lower(): value for name, value in headers.items()}["retry-after"] == "7"


@pytest.mark.world
def test_delay_changes_nothing_but_the_time(tmp_path: Path, github: Callable[..., Github]) -> None:
    fault = Fault(path=REFS, action="delay", seconds=0.05)
    with Standin(tmp_path, default_world(), faults=[fault]) as standin:
        create(standin, github)
        assert "new" in branches(standin, github)


@pytest.mark.world
def test_hub_commit_whose_answer_is_lost_has_landed(tmp_path: Path, hub: Callable[..., HfApi]) -> None:
    fault = Fault(method="POST", path="/commit/", action="status", status=504, body={}, when="after")
    with Standin(tmp_path, default_world(), faults=[fault]) as standin:
        api = hub(standin)
        with pytest.raises(Exception, match="504"):
            api.create_commit(
                LEADERBOARD,
                [CommitOperationAdd("a.json", b"{}")],
                commit_message="Title",
                repo_type="space",
                create_pr=True,
            )
        assert [item.title for item in api.get_repo_discussions(LEADERBOARD, repo_type="space")] == ["Title"]


def test_only_the_calls_from_nth_on_are_hit() -> None:
    faults = Faults([Fault(path="/x", method="GET", nth=2, times=2)])
    calls = [("GET", "/x"), ("POST", "/x"), ("GET", "/y"), ("GET", "/x?a=1"), ("GET", "/x"), ("GET", "/x")]
    assert [faults.next(*call) is not None for call in calls] == [False, False, False, True, True, False]


def test_each_fault_counts_for_itself() -> None:
    first, second = Fault(path="/x"), Fault(path="/x", nth=2, status=503)
    faults = Faults([first, second])
    assert [faults.next("GET", "/x") for _ in range(3)] == [first, second, None]


def test_fault_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text(json.dumps({"record": "faults", "faults": [{"path": "/x", "nth": 3, "action": "drop_after"}]}))
    assert read_faults(path) == [Fault(path="/x", nth=3, action="drop_after")]


def test_unknown_key_in_a_fault_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text(json.dumps({"faults": [{"path": "/x", "methd": "GET"}]}))
    with pytest.raises(RecordError, match="methd"):
        read_faults(path)


def test_broken_pattern_says_how_to_write_one() -> None:
    with pytest.raises(UsageError, match="not a regular expression") as caught:
        Faults([Fault(path="(")])
    assert "/pulls$" in caught.value.hint
