"""Whose the commits of our branch are: podium's, a person's merge of the base that changes nothing of ours, or foreign.

GitHub's buttons `Update branch` and `Resolve conflicts` merge the base, as whoever clicks; `Update with rebase` puts
our commits on the base's head. Where our folder stays as it was, none of that is work that sending could lose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.errors import BoardError

if TYPE_CHECKING:
    from podium.boards.fork.facts import BranchCommit
    from podium.boards.fork.forge import Forge
    from podium.submission.package import Package


def own_commits(forge: Forge, package: Package, base: str, branch_head: str) -> list[str]:
    """Podium's commits of the branch beyond the base, oldest first. Raises BoardError where there is foreign work."""
    commits = forge.commits_beyond(base, branch_head)
    foreign = foreign_commits(forge, package, commits)
    if foreign:
        where = f"the branch {package.branch} of {forge.repository}"
        message = f"{where} holds a commit that this account's podium did not make: {foreign[0].sha[:12]}"
        raise BoardError(message, hint=_way_out(package, commits, foreign[0]))
    return [commit.sha for commit in commits if commit.is_own or commit.is_copy]


def foreign_commits(forge: Forge, package: Package, commits: list[BranchCommit]) -> list[BranchCommit]:
    """Those of a branch's commits that hold somebody else's work, oldest first."""
    branch = {commit.sha for commit in commits}
    return [
        commit
        for commit in commits
        if not (
            commit.is_own
            or _merges_the_base(forge, package, commit, branch)
            or (commit.is_copy and forge.blobs_at(commit.sha, package.submission.folder) == package.blobs())
        )
    ]


def _merges_the_base(forge: Forge, package: Package, commit: BranchCommit, branch: set[str]) -> bool:
    """Whether a commit brings the base into the branch, and leaves our folder as the branch had it."""
    ours = [parent for parent in commit.parents if parent in branch]
    # A parent that is no commit beyond the base is one of the base.
    if len(ours) != 1 or len(commit.parents) < 2:
        return False
    folder = package.submission.folder
    return forge.blobs_at(commit.sha, folder) == forge.blobs_at(ours[0], folder)


def _way_out(package: Package, commits: list[BranchCommit], foreign: BranchCommit) -> str:
    before = commits[: commits.index(foreign)]
    if not before:
        return "keep that work on another branch, delete this one, and run the same command again"
    # The pull request and its reviews stay: only the branch is set back.
    return (
        "keep that work on another branch, then set this one back in a clone of the fork and run the same command "
        f"again: git push --force origin {before[-1].sha}:refs/heads/{package.branch}"
    )
