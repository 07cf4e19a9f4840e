"""A release's tag and commit are what git says, refused where git denies them, and else told as not checked."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from podium.cli.sources import GITHUB_ORIGIN, from_here, store_folder
from podium.cli.tags import check_tag, workflow_run
from podium.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.world


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.invalid", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", "-C", str(folder), *who, *words], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init", "-q")
    for number in (1, 2):
        git(folder, "commit", "-q", "--allow-empty", "-m", f"commit {number}")
        git(folder, "tag", "-a", f"v{number}", "-m", "release")
    return folder


def test_a_tag_is_resolved_to_its_commit_and_held_against_the_one_named(clone: Path) -> None:
    commit = git(clone, "rev-parse", "v1^{commit}")
    assert check_tag(clone, "v1", "") == (commit, "checked in a clone of the repository")
    assert check_tag(clone, "v1", commit) == (commit, "checked in a clone of the repository")


def test_a_tag_that_moved_is_refused_with_both_commits(clone: Path) -> None:
    first, second = (git(clone, "rev-parse", f"v{number}^{{commit}}") for number in (1, 2))
    with pytest.raises(UsageError, match=f"tag v2 is commit {second}, not {first}") as refused:
        check_tag(clone, "v2", first)
    assert f"git tag -f v2 {first}" in refused.value.hint


def test_an_invented_commit_is_refused(clone: Path) -> None:
    with pytest.raises(UsageError, match="there is no commit") as refused:
        check_tag(clone, "v1", "c0ffee00" * 5)
    assert "leave --commit out" in refused.value.hint


def test_what_cannot_be_checked_is_said(clone: Path, tmp_path: Path) -> None:
    made_up = "c0ffee00" * 5
    assert check_tag(clone, "v9", "") == ("", "not checked: this clone has no tag v9")
    assert check_tag(tmp_path, "v1", made_up)[1] == "not checked: podium.toml lies in no clone of the repository"
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{clone}", str(shallow))
    assert check_tag(shallow, "v1", made_up) == (made_up, f"not checked: this shallow clone does not have {made_up}")
    assert check_tag(clone, "", "") == ("", "")


def test_a_workflow_run_is_named_by_its_address() -> None:
    names = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/small", "GITHUB_RUN_ID": "47"}
    assert workflow_run(names) == "https://github.com/acme/small/actions/runs/47"
    assert workflow_run({}) == ""


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ("https://github.com/acme/small.git", "acme/small"),
        ("https://github.com/acme/small", "acme/small"),
        ("https://token@github.com/acme/small.git", "acme/small"),
        ("git@github.com:acme/small.git", "acme/small"),
        ("ssh://git@github.com/acme/small.git", "acme/small"),
        ("/local/clone", ""),
        ("file:///local/clone", ""),
    ],
)
def test_a_clones_origin_names_the_repository(origin: str, name: str) -> None:
    match = GITHUB_ORIGIN.fullmatch(origin)
    assert (match[1] if match else "") == name


def test_fetched_checkpoints_lie_where_a_job_is_emptied_or_in_the_cache(tmp_path: Path) -> None:
    assert store_folder({"PODIUM_CHECKPOINTS": "/x", "RUNNER_TEMP": "/t"}).as_posix() == "/x"
    assert store_folder({"RUNNER_TEMP": "/t", "XDG_CACHE_HOME": "/c"}).as_posix() == "/t/checkpoints"
    assert store_folder({"XDG_CACHE_HOME": "/c"}).as_posix() == "/c/podium/checkpoints"
    assert tmp_path


def test_a_typed_path_is_told_from_the_folder_of_podium_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert from_here("ckpt", tmp_path) == "here/ckpt"
    assert from_here("ckpt", tmp_path / "here") == "ckpt"
    assert from_here("release:*", tmp_path) == "release:*"
    assert from_here("/data/ckpt", tmp_path) == "/data/ckpt"
