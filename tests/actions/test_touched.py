"""Which submission folders a pull request touches, from real merges; hostile names get no further."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.actions.documents import REPOSITORY
from tests.actions.runner import read_outputs

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.world
SCRIPT = REPOSITORY / "actions" / "touched" / "touched.py"
IDENTITY = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]


class Fork:
    """A fork checked out at the merge commit of a pull request."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch=main")
        self.write("community_results/O_OLD_u/O_OLD_u.json", "old")
        self.write("README.md", "leaderboard")
        self.commit()

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *IDENTITY, *arguments], cwd=self.folder, check=True, capture_output=True)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")

    def merge(self, files: dict[str, str], removed: str = "") -> None:
        """Make a branch with these files and merge it, as GitHub does for refs/pull/N/merge."""
        self.git("checkout", "--quiet", "-b", "head")
        for name, text in files.items():
            self.write(name, text)
        if removed:
            self.git("rm", "-r", "--quiet", removed)
        self.commit()
        self.git("checkout", "--quiet", "main")
        self.write("unrelated.txt", "the base went on")
        self.commit()
        self.git("merge", "--quiet", "--no-ff", "--no-edit", "head")

    def touched(self) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
        """Run touched.py; returns the process and the step outputs."""
        outputs = self.folder.parent / "outputs"
        outputs.write_text("", encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-I", str(SCRIPT)],
            cwd=self.folder,
            env={"GITHUB_OUTPUT": str(outputs), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done, read_outputs(outputs)


@pytest.fixture
def fork(tmp_path: Path) -> Fork:
    folder = tmp_path / "fork"
    folder.mkdir()
    return Fork(folder)


def test_touched_folders_are_named_once_each_and_nothing_else(fork: Fork) -> None:
    fork.merge(
        {
            "community_results/O_NEW_u/metrics_NEW/a.json": "1",
            "community_results/O_NEW_u/O_NEW_u.json": "2",
            "community_results/O_OLD_u/O_OLD_u.json": "changed",
            "src/app.py": "",
        }
    )
    done, outputs = fork.touched()
    assert done.returncode == 0
    assert outputs["paths"] == "community_results/O_NEW_u:community_results/O_OLD_u"
    assert outputs["matrix"] == '["community_results/O_NEW_u", "community_results/O_OLD_u"]'
    assert outputs["folders"].splitlines() == ["community_results/O_NEW_u", "community_results/O_OLD_u"]


def test_pull_request_without_a_submission_leaves_the_outputs_empty(fork: Fork) -> None:
    fork.merge({"README.md": "changed"})
    done, outputs = fork.touched()
    assert done.returncode == 0
    assert outputs == {"paths": "", "folders": "", "matrix": "[]"}


def test_removed_submission_leaves_nothing_to_validate(fork: Fork) -> None:
    fork.merge({}, removed="community_results/O_OLD_u")
    done, outputs = fork.touched()
    assert done.returncode == 0
    assert outputs["paths"] == ""


@pytest.mark.parametrize(
    "name",
    [
        "a:b/x.json",
        "a b/x.json",
        "$(touch x)/x.json",
        "-rf/x.json",
        ".hidden/x.json",
        "a\nfolders=b/x.json",
        "loose.json",
    ],
)
def test_name_that_is_no_folder_name_is_refused_with_the_remedy(fork: Fork, name: str) -> None:
    fork.merge({f"community_results/{name}": "1"})
    done, outputs = fork.touched()
    assert done.returncode == 1
    assert "community_results/<org>_<model>_<user>/" in done.stdout
    assert outputs == {}
    assert done.stdout.count("\n") == 1, "a name must not start a line of its own in the log"


def test_shallow_checkout_names_the_depth_to_fetch(fork: Fork) -> None:
    done, _ = fork.touched()
    assert done.returncode == 1
    assert "fetch-depth 2" in done.stdout
