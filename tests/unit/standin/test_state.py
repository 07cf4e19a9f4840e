"""State on disk: restarts, kills, one owner at a time, and the command itself."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import CommitOperationAdd

from podium.errors import RecordError, UsageError
from podium.standin.server import Standin
from podium.standin.state import Store
from podium.standin.world import BOT, FORK, LEADERBOARD, Repository, World, default_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from github import Github
    from huggingface_hub import HfApi

pytestmark = pytest.mark.world

BRANCH = "podium/ORG_MODEL_USER"


def open_both(standin: Standin, github: Callable[..., Github], hub: Callable[..., HfApi]) -> None:
    """A pull request on both sides."""
    standin.commit(FORK, {"result.json": "{}"}, branch=BRANCH)
    github(standin).get_repo(FORK).create_pull(base="main", head=BRANCH, title="Title")
    operations = [CommitOperationAdd("result.json", b"{}")]
    hub(standin).create_commit(LEADERBOARD, operations, commit_message="Title", repo_type="space", create_pr=True)


def titles(standin: Standin, github: Callable[..., Github], hub: Callable[..., HfApi]) -> list[str]:
    pulls = github(standin).get_repo(FORK).get_pulls()
    discussions = hub(standin).get_repo_discussions(LEADERBOARD, repo_type="space")
    return [item.title for item in [*pulls, *discussions]]


def test_restart_keeps_everything_and_the_address(
    tmp_path: Path, github: Callable[..., Github], hub: Callable[..., HfApi]
) -> None:
    with Standin(tmp_path, default_world()) as first:
        open_both(first, github, hub)
        url = first.url
    with Standin(tmp_path, default_world()) as second:
        assert second.url == url
        assert titles(second, github, hub) == ["Title", "Title"]


def test_taken_port_is_replaced_unless_it_was_asked_for(tmp_path: Path) -> None:
    with Standin(tmp_path / "one", default_world()) as first:
        port = int(first.url.rsplit(":", 1)[1])
    with socket.create_server(("127.0.0.1", port)):
        with Standin(tmp_path / "one", default_world()) as second:
            assert second.url != first.url
        with pytest.raises(UsageError, match=str(port)) as caught:
            Standin(tmp_path / "two", default_world(), port)
        assert "--port" in caught.value.hint


def test_state_folder_can_be_moved(tmp_path: Path, github: Callable[..., Github], hub: Callable[..., HfApi]) -> None:
    with Standin(tmp_path / "old", default_world()) as first:
        open_both(first, github, hub)
    shutil.move(tmp_path / "old", tmp_path / "new")
    with Standin(tmp_path / "new", default_world()) as second:
        assert titles(second, github, hub) == ["Title", "Title"]
        assert [file.filename for file in github(second).get_repo(FORK).get_pull(1).get_files()] == ["result.json"]


def test_second_stand_in_on_the_same_state_is_refused(tmp_path: Path) -> None:
    with Standin(tmp_path, default_world()):
        with pytest.raises(UsageError, match="another stand-in") as caught:
            Standin(tmp_path, default_world())
        assert "--state" in caught.value.hint


def test_branch_moved_before_a_kill_is_taken_over(tmp_path: Path, github: Callable[..., Github]) -> None:
    with Standin(tmp_path, default_world()) as first:
        standin_commit = first.commit(FORK, {"result.json": "{}"}, branch=BRANCH)
        github(first).get_repo(FORK).create_pull(base="main", head=BRANCH, title="Title")
        kept = (tmp_path / "state.json").read_bytes()
        later = first.commit(FORK, {"result.json": "[]"}, branch=BRANCH)
    (tmp_path / "state.json").write_bytes(kept)
    with Standin(tmp_path, default_world()) as second:
        assert github(second).get_repo(FORK).get_pull(1).head.sha == later != standin_commit


def test_hub_commit_made_before_a_kill_is_taken_over(tmp_path: Path, hub: Callable[..., HfApi]) -> None:
    def commit(standin: Standin, path: str, **where: Any) -> str:
        operations = [CommitOperationAdd(path, b"{}")]
        return str(
            hub(standin).create_commit(LEADERBOARD, operations, commit_message=path, repo_type="space", **where).oid
        )

    with Standin(tmp_path, default_world()) as first:
        commit(first, "a.json", create_pr=True)
        kept = (tmp_path / "state.json").read_bytes()
        later = commit(first, "b.json", revision="refs/pr/1")
    (tmp_path / "state.json").write_bytes(kept)
    with Standin(tmp_path, default_world()) as second:
        events = hub(second).get_discussion_details(LEADERBOARD, 1, repo_type="space").events
        assert [event.oid for event in events if event.type == "commit"][-1] == later  # type: ignore[attr-defined]


def test_locks_left_by_a_killed_git_do_not_block(tmp_path: Path) -> None:
    with Standin(tmp_path, default_world()) as first:
        lock = first.store.git(first.store.state.repositories[FORK]).path / "refs" / "heads" / "main.lock"
        lock.touch()
    with Standin(tmp_path, default_world()) as second:
        assert second.commit(FORK, {"a": "b"})


def test_fork_before_its_parent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="b/board") as caught:
        Standin(tmp_path, World(repositories=[Repository(full_name="a/board", parent="b/board")]))
    assert "list the parent first" in caught.value.hint


def test_broken_state_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(RecordError, match=r"state\.json"):
        Store(tmp_path)
    (tmp_path / "state.json").unlink()
    Store(tmp_path).close()


def test_pages_show_title_state_body_and_files(
    standin: Standin, github: Callable[..., Github], hub: Callable[..., HfApi]
) -> None:
    open_both(standin, github, hub)
    pages = [
        github(standin).get_repo(FORK).get_pull(1).html_url,
        f"{standin.url}/spaces/{LEADERBOARD}/discussions/1",
    ]
    for page in pages:
        with urllib.request.urlopen(page) as reply:
            text = reply.read().decode()
        assert "Title #1\nState: open" in text
        assert "added   result.json" in text
    with urllib.request.urlopen(standin.url) as reply:
        index = reply.read().decode()
    assert all(page in index for page in pages)
    with urllib.request.urlopen(f"{standin.url}/{FORK}/raw/{BRANCH.replace('/', '%2F')}/result.json") as reply:
        assert (reply.read(), reply.headers["Content-Type"]) == (b"{}", "application/json")


def start(state: Path, *arguments: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """Start the command and read the addresses it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "podium", "standin", "--state", str(state), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def test_command_prints_addresses_and_survives_kill_9(
    tmp_path: Path, github: Callable[..., Github], hub: Callable[..., HfApi]
) -> None:
    process, facts = start(tmp_path)
    assert facts["github_url"] == f"{facts['url']}/api/v3"
    assert facts["tokens"][BOT.login] == BOT.token
    api = hub(_Address(facts))
    operations = [CommitOperationAdd("result.json", b"{}")]
    api.create_commit(LEADERBOARD, operations, commit_message="Title", repo_type="space", create_pr=True)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    again, after = start(tmp_path)
    assert after == facts
    assert [item.title for item in api.get_repo_discussions(LEADERBOARD, repo_type="space")] == ["Title"]
    again.send_signal(signal.SIGTERM)
    assert (again.communicate()[1], again.returncode) == ("", 0)


def test_command_adds_nothing_to_a_state_that_is_there(tmp_path: Path) -> None:
    with Standin(tmp_path, World(repositories=[Repository(full_name="a/board")])):
        pass
    process, facts = start(tmp_path)
    with urllib.request.urlopen(facts["url"]) as reply:
        text = reply.read().decode()
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert "a/board" in text
    assert LEADERBOARD not in text


class _Address:
    """What the client factories need of a stand-in in another process."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.hub_url = facts["hub_url"]
        self.github_url = facts["github_url"]


def test_command_refuses_a_broken_fault_file(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text('{"faults": [{"path": "/x", "acton": "drop"}]}')
    done = subprocess.run(
        [sys.executable, "-m", "podium", "standin", "--state", str(tmp_path / "s"), "--faults", str(faults)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "acton" in done.stderr) == (8, True)
