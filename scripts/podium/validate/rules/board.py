"""Rules on a submission that stands alone: complete, and nothing in it that the board has no use for."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from podium.validate.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.validate.contents import Contents


def missing_artefact(contents: Contents) -> Iterator[Violation]:
    """Every task of the board has generations, metrics and a grouped score."""
    if not contents.has("grouped"):
        message = "there is no ORG_MODEL_USER.json with the grouped scores"
        hint = "leaderboard/group_jsons.py of the harness writes it, or podium run"
        yield Violation(path=".", message=message, hint=hint)
    listed = {result["task"] for result in contents.grouped.value["results"]} if contents.grouped else None
    for kind in ("generations", "metrics"):
        if not contents.has(kind):
            message = f"there is no {kind}_MODEL folder; without it nobody can check the scores"
            yield Violation(path=".", message=message, hint=f"add the {kind} of every task")
    for task in contents.profile().problems:
        lacking = [k for k in ("generations", "metrics") if contents.has(k) and not contents.has_file(k, task)]
        if listed is not None and task not in listed:
            lacking.append("grouped score")
        if lacking:
            message = f"{task} has no {' and no '.join(lacking)}; the board would show an empty cell"
            yield Violation(path=".", where=task, message=message, hint=f"run {task} and group again")


def doubled_artefact(contents: Contents) -> Iterator[Violation]:
    """A task has one file of a kind."""
    counts = Counter((place.kind.name, place.task) for place in contents.places if place.task and place.model)
    for (kind, task), count in counts.items():
        if count > 1:
            message = f"{task} has {count} {kind} files; which one is grouped is chance"
            yield Violation(path=".", where=task, message=message, hint="leave one")


def doubled_grouped(contents: Contents) -> Iterator[Violation]:
    """There is one grouped file."""
    paths = [place.path for place in contents.places if place.kind.name == "grouped"]
    if len(paths) > 1:
        yield Violation(path=".", message=f"there are {len(paths)} grouped files: {', '.join(paths)}", hint="leave one")


def task_without_column(contents: Contents) -> Iterator[Violation]:
    """The board has a column for every listed task; multiple-rb and multiple-py have none."""
    profile = contents.profile()
    for index, result in enumerate(contents.grouped.value["results"] if contents.grouped else []):
        if result["task"] not in profile.problems:
            message = f"board {profile.name} has no column for {result['task']} and would ignore it"
            yield Violation(
                path=contents.grouped.path if contents.grouped else "", where=f"$.results[{index}]", message=message
            )


def unknown_file(contents: Contents) -> Iterator[Violation]:
    """A submission holds nothing but the board's files."""
    for path in contents.unknown:
        message = "a submission does not hold such a file"
        yield Violation(path=path, message=message, hint="remove it from the pull request")
