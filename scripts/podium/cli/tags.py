"""A release's tag and commit, held against git where there is a clone; what could not be held is said."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from podium.errors import StalePlanError, UsageError
from podium.records import Plan, read_record
from podium.run_directory import PLAN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NOT_CHECKED = "not checked"


def check_tag(root: Path, tag: str, commit: str) -> tuple[str, str]:
    """The commit of a release, and in words what git says of it. Raises UsageError for what git denies."""
    if not tag and not commit:
        return "", ""
    if _git(root, "rev-parse", "--is-inside-work-tree") != "true":
        return commit, f"{NOT_CHECKED}: podium.toml lies in no clone of the repository"
    known = _git(root, "rev-parse", "--verify", "--quiet", f"refs/tags/{tag}^{{commit}}") if tag else ""
    is_whole = _git(root, "rev-parse", "--is-shallow-repository") == "false"
    if commit and not _git(root, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}"):
        if is_whole:
            message = f"there is no commit {commit} in {root}"
            hint = f"leave --commit out: {tag} is {known}" if known else "leave --commit out, or pass one of `git log`"
            raise UsageError(message, hint=hint)
        return commit, f"{NOT_CHECKED}: this shallow clone does not have {commit}"
    if known and commit and known != commit:
        message = f"tag {tag} is commit {known}, not {commit}: it moved, or another one was meant"
        raise UsageError(
            message, hint=f"start anew to evaluate {known}, or move the tag back: git tag -f {tag} {commit}"
        )
    if tag and not known:
        return commit, f"{NOT_CHECKED}: this clone has no tag {tag}"
    return known or commit, "checked in a clone of the repository"


def require_commit(run_dir: Path, commit: str) -> None:
    """The tag still names the commit that was evaluated, if anybody says what it names. Raises StalePlanError."""
    if not commit:
        return
    release = read_record(run_dir / PLAN, Plan).release
    if release.commit and release.commit != commit:
        message = f"tag {release.tag} was {release.commit} when the run was planned and is {commit} now"
        hint = f"start anew to evaluate {commit}, or move the tag back: git push -f origin {release.commit}:refs/tags/"
        raise StalePlanError(message, hint=f"{hint}{release.tag}")


def workflow_run(environment: Mapping[str, str]) -> str:
    """The address of the workflow run that plans, its number last; empty outside one."""
    parts = [environment.get(name, "").strip() for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    return "{}/{}/actions/runs/{}".format(*parts) if all(parts) else ""


def _git(root: Path, *words: str) -> str:
    """What git answers; nothing where it fails or is not installed."""
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
