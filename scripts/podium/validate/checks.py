"""What a path is (a file, a run directory, a submission, a folder of them) and the rules that hold for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.errors import RecordError
from podium.files import parse_json
from podium.protocol import COMMUNITY_FOLDER, grouped_name
from podium.records import Finding, Findings
from podium.run_directory import PLAN, evidence_of, folders
from podium.validate.contents import Contents
from podium.validate.documents import load
from podium.validate.intake import MAX_FOLDER_DEPTH, Intake, is_folder
from podium.validate.places import (
    KINDS,
    Place,
    is_run,
    is_submission,
    looks_grouped,
    recognise,
    recognise_content,
)
from podium.validate.rules.tables import LOG_RULES, RUN_RULES, SUBMISSION_RULES
from podium.validate.violations import Violation, ViolationLog, printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from podium.records import FileDigest, Plan
    from podium.validate.rules.rule import Rule

FOLDERS = folders()
NOTHING_KNOWN = "nothing-known"
TWICE = "submission-twice"
FOLDER_RULES = {
    NOTHING_KNOWN: "a path holds something that is known here",
    TWICE: "no two submissions hold the same generations",
}
HINT = "validate takes run directories, submissions and the files in them"


def below(found: Findings, base: str) -> Findings:
    """The same findings with `base` before every path."""

    def full(path: str) -> str:
        if base == ".":
            return path
        return printable(base if path == "." else f"{base.rstrip('/')}/{path}")

    replace = msgspec.structs.replace
    return Findings(
        files=[replace(file, path=full(file.path)) for file in found.files],
        findings=[replace(finding, path=full(finding.path)) for finding in found.findings],
    )


def check_file(path: Path) -> Findings:
    """Check one file that was named by hand: known by name and place, else by what it holds."""
    contents = Contents(intake=Intake(path.parent, ViolationLog()), name=path.parent.name)
    place = recognise("/".join(path.absolute().parts[-3:]))
    if place is not None:
        load(contents, msgspec.structs.replace(place, path=path.name))
    elif (data := contents.intake.read(path.name, KINDS["generations"].limit_bytes)) is not None:
        _load_by_content(contents, path.name, data)
    return _check(contents, LOG_RULES)


def _load_by_content(contents: Contents, name: str, data: bytes) -> None:
    if name.endswith(".jsonl"):
        kind = "verdicts" if b'"verdicts"' in data.partition(b"\n")[0] else "samples"
        load(contents, Place(path=name, kind=KINDS[kind]))
        return
    parsed, value = contents.intake.parse(data, name, is_ours=False)
    place = recognise_content(name, value) if parsed else None
    if place is not None:
        load(contents, place)
    elif parsed:
        message = "it is no file that podium knows, by name or by content"
        contents.intake.log.add(NOTHING_KNOWN, Violation(path=name, message=message, hint=HINT))


def check_folder(root: Path, depth: int = 0) -> Findings:
    """Check a run directory, a submission, or everything known in a folder and the folders below."""
    intake = Intake(root, ViolationLog())
    names = intake.names()
    if is_run(names):
        return _check(_load_run(intake), RUN_RULES)
    if is_submission(names, root.absolute().parent.name):
        return _check(load_submission(intake), SUBMISSION_RULES)
    found = _check_parts(intake, names, depth)
    if depth == 0 and not found.files and not found.findings:
        message = "there is nothing in it that podium knows"
        empty = Finding(rule=NOTHING_KNOWN, severity="error", path=".", message=message, hint=HINT)
        return Findings(files=[], findings=[empty])
    return found


def _check_parts(intake: Intake, names: list[str], depth: int) -> Findings:
    """Every known file of a folder by itself, and the folders in it one after the other."""
    contents = Contents(intake=intake, name=intake.root.name)
    parts = []
    for name in names:
        path = intake.root / name
        if is_folder(path):
            if depth < MAX_FOLDER_DEPTH and not name.startswith("."):
                parts.append(below(check_folder(path, depth + 1), name))
        elif place := recognise("/".join([*intake.root.absolute().parts[-2:], name])):
            load(contents, msgspec.structs.replace(place, path=name))
        elif intake.root.name == COMMUNITY_FOLDER:
            intake.is_plain(path)
    parts.append(_check(contents, LOG_RULES))
    files = [file for part in parts for file in part.files]
    findings = [finding for part in parts for finding in part.findings]
    if intake.root.name == COMMUNITY_FOLDER:
        findings += _twice(files)
    return Findings(files=files, findings=findings)


def _twice(files: list[FileDigest]) -> list[Finding]:
    """No two submissions hold the same generations."""
    log, first = ViolationLog(), dict[str, str]()
    for file in files:
        place = recognise(file.path)
        if place is None or place.kind.name != "generations":
            continue
        earlier = first.setdefault(file.sha256, file.path)
        if earlier.split("/")[0] != file.path.split("/")[0]:
            message = f"it is byte for byte {earlier}, which is another submission"
            log.add(TWICE, Violation(path=file.path, message=message, hint="leave one of the two submissions"))
    return log.findings()


def _load_run(intake: Intake) -> Contents:
    """A run directory: only files in their places; the model, the submission and leftovers are not parsed."""
    contents = Contents(intake=intake, name=intake.root.name, paths=intake.walk())
    known = [place for path in contents.paths if _is_in_place(path) and (place := recognise(path))]
    # The plan first: it says what else belongs to the run.
    for place in sorted(known, key=lambda place: place.path != PLAN):
        if contents.plan is None or _belongs(contents, place, contents.plan):
            _take(contents, place)
    if contents.plan is not None:
        name = grouped_name(contents.plan.release.model)
        if name in contents.paths:
            _take(contents, Place(path=name, kind=KINDS["grouped"]))
    return contents


def _belongs(contents: Contents, place: Place, plan: Plan) -> bool:
    """Whether a file is the run's: others are of tasks no longer planned, or beside the one that took their place."""
    planned = {task.task for task in plan.tasks}
    if place.task and place.task not in planned:
        return place.kind.format == "jsonl" and _task_of_log(contents, place) in planned
    instead = {name: path for path, (name, task) in evidence_of(plan, planned).items() if task == place.task}
    wanted = instead.get(place.kind.name, place.path)
    return place.path == wanted or wanted not in contents.paths


def _task_of_log(contents: Contents, place: Place) -> str:
    """The task that a log's header names, whatever the file is called; empty where it names none."""
    data = contents.intake.read(place.path, place.kind.limit_bytes) or b""
    try:
        header = parse_json(data.partition(b"\n")[0], place.path)
    except RecordError:
        return ""
    return str(header.get("task")) if isinstance(header, dict) else ""


def _is_in_place(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    # The board's folders have the model's name behind theirs.
    in_place = not folder or folder in FOLDERS or any(folder.startswith(known) for known in FOLDERS if known[-1] == "_")
    return in_place and not name.startswith(".")


def load_submission(intake: Intake) -> Contents:
    """Read a submission: every file is the board's or a finding."""
    contents = Contents(intake=intake, name=intake.root.absolute().name, paths=intake.walk())
    for path in contents.paths:
        place = recognise(path)
        if "/" not in path and looks_grouped(path):
            place = Place(path=path, kind=KINDS["grouped"])
        if place is not None and place.kind.name in ("grouped", "generations", "metrics"):
            _take(contents, place)
        else:
            contents.unknown.append(path)
    return contents


def _take(contents: Contents, place: Place) -> None:
    contents.places.append(place)
    load(contents, place)


def _check(contents: Contents, rules: Iterable[Rule]) -> Findings:
    for rule in rules:
        for violation in rule.check(contents):
            contents.intake.log.add(rule.name, violation, rule.severity)
    return _findings(contents)


def _findings(contents: Contents) -> Findings:
    evidence = {place.path for place in contents.places if place.kind.is_evidence} or contents.digests.keys()
    files = [
        msgspec.structs.replace(digest, path=printable(path))
        for path, digest in sorted(contents.digests.items())
        if path in evidence
    ]
    return Findings(files=files, findings=contents.intake.log.findings())
