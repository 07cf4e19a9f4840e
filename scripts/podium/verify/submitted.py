"""What a submission claims, read as a stranger's: scores and generations by task, and why any of it cannot be read.

Reads a submission's folder or a run directory. Digests in it are not looked at; ours are of the bytes that were read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from podium.errors import UsageError
from podium.protocol import COMMUNITY_FOLDER
from podium.records import FileDigest, Finding
from podium.validate.checks import load_submission
from podium.validate.contents import Artefact, Contents
from podium.validate.documents import load
from podium.validate.intake import Intake, is_folder
from podium.validate.places import KINDS, Place, is_run, recognise
from podium.validate.violations import ViolationLog

if TYPE_CHECKING:
    from pathlib import Path

ARTEFACTS = ("generations", "metrics")


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One task of a submission. `faults` are sentences: what is missing or cannot be read."""

    task: str
    grouped: float | None
    metrics: dict[str, float]
    config: dict[str, Any]
    generations: list[list[str]] | None
    generations_sha256: str
    faults: list[str]


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """A submission as it was read: the model's id, its claims, how many samples its board asks for, what was read."""

    source: str
    model: str
    n_samples: int
    claims: list[Claim]
    files: list[FileDigest]
    faults: list[str]


def read_submission(folder: Path, source: str) -> Submitted:
    """Read a folder. Raises UsageError where there is none, or nothing of a submission in it."""
    if not is_folder(folder):
        message = f"{folder} is no folder"
        raise UsageError(message, hint=f"name a submission's folder, for example {COMMUNITY_FOLDER}/ORG_MODEL_USER")
    intake = Intake(folder, ViolationLog())
    contents = _of_a_run(intake) if is_run(intake.names()) else load_submission(intake)
    findings = intake.log.findings()
    tasks = sorted({*_tasks_of(contents), *_grouped(contents)})
    if not tasks:
        said = f": {findings[0].path}: {findings[0].message}" if findings else ""
        message = f"{folder} holds no score and no generations{said}"
        raise UsageError(message, hint="name the folder that the grouped JSON lies in")
    return Submitted(
        source=source,
        model=str(contents.grouped.value["meta"]["model"]) if contents.grouped else "",
        n_samples=contents.profile().sampling.n_samples,
        claims=[_claim(contents, task, findings) for task in tasks],
        files=[contents.digests[path] for path in sorted(contents.digests)],
        faults=_general_faults(contents, findings),
    )


def _of_a_run(intake: Intake) -> Contents:
    """A run directory: the board's files alone, its own records are the submitter's word."""
    contents = Contents(intake=intake, name=intake.root.absolute().name, paths=intake.walk())
    for path in contents.paths:
        place = recognise(path)
        if place is None and "/" not in path and path.endswith(".json"):
            place = Place(path=path, kind=KINDS["grouped"])
        if place is not None and place.kind.name in (*ARTEFACTS, "grouped") and path.count("/") <= 1:
            contents.places.append(place)
            load(contents, place)
    return contents


def _tasks_of(contents: Contents) -> set[str]:
    return {place.task for place in contents.places if place.task}


def _grouped(contents: Contents) -> dict[str, float]:
    results = contents.grouped.value["results"] if contents.grouped else []
    return {result["task"]: result["pass@1"] for result in results}


def _general_faults(contents: Contents, findings: list[Finding]) -> list[str]:
    paths = [place.path for place in contents.places if place.kind.name == "grouped"]
    if len(paths) > 1:
        return [f"there are {len(paths)} grouped files, and nothing says which counts: {', '.join(paths[:5])}"]
    if contents.grouped is None:
        return _said_of(paths, findings) or ["there is no ORG_MODEL_USER.json with grouped scores"]
    return []


def _claim(contents: Contents, task: str, findings: list[Finding]) -> Claim:
    faults: list[str] = []
    found: dict[str, Artefact | None] = {}
    for kind, table in (("generations", contents.generations), ("metrics", contents.metrics)):
        paths = [place.path for place in contents.places if place.kind.name == kind and place.task == task]
        found[kind] = table.get(task) if len(paths) == 1 else None
        if len(paths) > 1:
            faults.append(f"{len(paths)} files hold its {kind}, and nothing says which counts")
        elif not paths:
            faults.append(f"there are no {kind} of it")
        elif found[kind] is None:
            faults += _said_of(paths, findings)
    generations, metrics = found["generations"], found["metrics"]
    scores = metrics.value.get(task, {}) if metrics else {}
    if metrics and not scores:
        faults.append(f"{metrics.path} has no score of {task}")
    return Claim(
        task=task,
        grouped=_grouped(contents).get(task),
        metrics=scores,
        config=metrics.value["config"] if metrics else {},
        generations=generations.value if generations else None,
        generations_sha256=contents.digests[generations.path].sha256 if generations else "",
        faults=faults,
    )


def _said_of(paths: list[str], findings: list[Finding]) -> list[str]:
    """The first thing that reading a file found wrong with it."""
    return [f"{found.path}: {found.message}" for found in findings if found.path in paths][:1]
