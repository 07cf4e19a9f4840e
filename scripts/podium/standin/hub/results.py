"""Evaluation results of a Hub repository: `.eval_results/*.yaml` on main and in open pull requests, checked as listed.

Source: https://huggingface.co/docs/hub/eval-results, read on 2026-11-25.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import yaml

from podium.standin.world import FullName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.standin.exchange import Json
    from podium.standin.gitstore import GitRepository
    from podium.standin.state import HubState

FOLDER = ".eval_results/"
Text = Annotated[str, msgspec.Meta(min_length=1)]


class _Strict(msgspec.Struct, forbid_unknown_fields=True):
    """Base of what the format lists."""


class DataSet(_Strict):
    """`dataset` of an entry."""

    id: FullName
    task_id: Text
    revision: Text | None = None


class Source(_Strict):
    """`source` of an entry."""

    url: Text
    name: Text | None = None
    user: Text | None = None
    org: Text | None = None


class Entry(_Strict, rename={"verify_token": "verifyToken"}):
    """One result."""

    dataset: DataSet
    value: int | float
    verify_token: Text | None = None
    date: Any = None  # a text, or what YAML makes of one without quotes
    source: Source | None = None
    evaluation_framework: Text | None = None
    notes: Text | None = None


def results_view(git: GitRepository, repository: HubState) -> list[Json]:
    """Every result, or a file's fault in its place; those of open pull requests carry its number."""
    views = list(_of_revision(git, git.ref("refs/heads/main") or ""))
    for discussion in repository.discussions:
        if discussion.is_pull_request and discussion.status in {"open", "draft"}:
            found = _of_revision(git, git.ref(f"refs/pr/{discussion.number}") or "")
            views += [{**view, "pullRequest": discussion.number} for view in found if view not in views]
    return views


def _of_revision(git: GitRepository, commit: str) -> Iterator[Json]:
    for entry in git.entries(commit, recursive=True, path=FOLDER):
        name = entry.path.removeprefix(FOLDER)
        if entry.kind != "blob" or "/" in name or not name.endswith((".yaml", ".yml")):
            continue
        try:
            value: Any = yaml.safe_load(git.read_blob(entry.sha))
            msgspec.convert(value, list[Entry])
        except (yaml.YAMLError, msgspec.ValidationError) as err:
            yield {"filename": entry.path, "error": str(err)}
            continue
        yield from ({"filename": entry.path, "verified": False, "data": item} for item in value)
