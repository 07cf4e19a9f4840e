"""The git repository behind both sides."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from podium.errors import BoardError
from podium.standin.gitstore import Change, GitError, GitRepository, Signature

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.world

WHO = Signature(name="somebody", email="somebody@users.noreply.invalid", seconds=1_700_000_000)


def repository(path: Path, objects: Path | None = None) -> GitRepository:
    made = GitRepository(path)
    made.create("main", objects)
    return made


def commit(git: GitRepository, files: dict[str, str | None], parents: list[str] | None = None) -> str:
    changes = [
        Change(path=path, sha=None if text is None else git.write_blob(text.encode())) for path, text in files.items()
    ]
    return git.write_commit(git.write_tree(parents[0] if parents else None, changes), parents or [], "Change", WHO, WHO)


def test_commit_comes_back_as_written(tmp_path: Path) -> None:
    git = repository(tmp_path / "a.git")
    sha = commit(git, {"a": "1"})
    read = git.read_commit(sha)
    assert (read.message, read.author, read.parents) == ("Change", WHO, [])
    assert sha == commit(git, {"a": "1"}), "equal content and time make equal commits"


def test_tree_edits_keep_what_they_do_not_name(tmp_path: Path) -> None:
    git = repository(tmp_path / "a.git")
    first = commit(git, {"a": "1", "d/b": "2", "d/c": "3"})
    second = commit(git, {"a": None, "d/c": "4"}, [first])
    files = {entry.path: git.read_blob(entry.sha) for entry in git.entries(second, recursive=True, path="d/")}
    assert files == {"d/b": b"2", "d/c": b"4"}
    assert git.find(second, "a") is None
    assert {entry.path for entry in git.entries(second)} == {"d"}


def test_whole_tree_takes_the_place_of_a_folder(tmp_path: Path) -> None:
    git = repository(tmp_path / "a.git")
    first = commit(git, {"d/b": "2", "e/gone": "1"})
    folder = git.find(first, "d")
    assert folder is not None
    tree = git.write_tree(first, [Change(path="e", sha=folder.sha, mode="040000")])
    assert [entry.path for entry in git.entries(tree, recursive=True) if entry.kind == "blob"] == ["d/b", "e/b"]


def test_strange_names_survive(tmp_path: Path) -> None:
    git = repository(tmp_path / "a.git")
    names = ["a b", 'quote"', "tab\tname", "ümlaut", "star*", ":(top)x", "-dash"]
    sha = commit(git, dict.fromkeys(names, "x"))
    assert sorted(entry.path for entry in git.entries(sha)) == sorted(names)
    assert all(git.find(sha, name) for name in names)
    base = commit(git, {"other": "x"})
    assert sorted(after.path for _, after, _, _ in git.diff(base, sha) if after) == sorted(names)


def test_diff_tells_added_changed_and_removed(tmp_path: Path) -> None:
    git = repository(tmp_path / "a.git")
    first = commit(git, {"changed": "1\n", "removed": "1\n", "same": "1\n"})
    second = commit(git, {"changed": "2\n3\n", "removed": None, "added": "1\n"}, [first])
    seen = {
        (after or before).path: (before is None, after is None, added, removed)  # type: ignore[union-attr]
        for before, after, added, removed in git.diff(first, second)
    }
    assert seen == {
        "added": (True, False, "1", "0"),
        "changed": (False, False, "2", "1"),
        "removed": (False, True, "0", "1"),
    }


def test_histories_are_compared(tmp_path: Path) -> None:
    git = repository(tmp_path / "a.git")
    base = commit(git, {"a": "1"})
    left, right = commit(git, {"b": "1"}, [base]), commit(git, {"c": "1"}, [base])
    clash = commit(git, {"b": "2"}, [base])
    assert git.merge_base(left, right) == base
    assert git.commits_between(base, left) == [left]
    assert git.is_ancestor(base, left)
    assert not git.is_ancestor(left, right)
    merged = git.merge_trees(left, right)
    assert merged is not None
    assert {entry.path for entry in git.entries(merged)} == {"a", "b", "c"}
    assert git.merge_trees(left, clash) is None


def test_refs_resolve_by_branch_tag_and_name_only(tmp_path: Path) -> None:
    git = repository(tmp_path / "a.git")
    sha = commit(git, {"a": "1"})
    for name in ("refs/heads/main", "refs/tags/v1", "refs/pr/1"):
        git.set_ref(name, sha)
    assert [git.commit_of(name) for name in ("main", "v1", "refs/pr/1", sha)] == [sha] * 4
    assert [git.commit_of(name) for name in ("absent", "main~0", "-x", "0" * 40)] == [None] * 4
    git.delete_ref("refs/pr/1")
    assert set(git.refs("refs/")) == {"refs/heads/main", "refs/tags/v1"}
    assert not git.is_ref_name("refs/heads/a..b")


def test_forks_share_objects_and_not_refs(tmp_path: Path) -> None:
    parent = repository(tmp_path / "parent.git", tmp_path / "objects")
    fork = repository(tmp_path / "deep" / "fork.git", tmp_path / "objects")
    sha = commit(parent, {"a": "1"})
    parent.set_ref("refs/heads/main", sha)
    assert fork.kind(sha) == "commit"
    assert fork.refs("refs/") == {}


def test_refusal_of_git_carries_its_words(tmp_path: Path) -> None:
    git = repository(tmp_path / "a.git")
    with pytest.raises(GitError, match="update-ref"):
        git.set_ref("refs/heads/main", "0123")


def test_missing_git_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(BoardError, match="git program") as caught:
        GitRepository(tmp_path / "a.git").create("main")
    assert "install git" in caught.value.hint
