"""What a run directory holds already, held against a plan: what may go on, and what would have to be given up.

Reads sample logs, model.json and the plan that is there. Moves sample logs aside, if that is asked for.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from podium.errors import OtherWorkError, RecordError
from podium.files import move_aside
from podium.generate.log import DISCARDING, STALE, read_drawn, samples_path, told
from podium.records import Model, Plan, SamplesHeader, T, read_log, read_record
from podium.run_directory import MODEL, PLAN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from podium.progress import Progress
    from podium.records import PlannedTask

# What no tag can hold: a directory of this name is nobody's default.
BESIDE = "~"
SHOWN = 5


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about samples of other work: leave them alone and work beside them, or give them up; commands."""

    beside: str = "the same command with another run directory"
    discard: str = DISCARDING


class OtherWork(msgspec.Struct, frozen=True, kw_only=True):
    """Samples of a planned task that the plan cannot use, and why."""

    task: str
    path: Path
    differences: list[str]


def other_work(run_dir: Path, plan: Plan) -> list[OtherWork]:
    """The sample logs of planned tasks that were drawn from or for something else than the plan says."""
    changed = _changed_model(run_dir, plan)
    found = []
    for task in plan.tasks:
        path = samples_path(run_dir, task.task)
        if not _has_samples(path):
            continue
        header = _header(path)
        differences = _differences(header, task, plan, changed) if header else ["a header that cannot be read"]
        if differences:
            found.append(OtherWork(task=task.task, path=path, differences=differences))
    return found


def settle(run_dir: Path, plan: Plan) -> Path:
    """The directory to work in: this one, or, where it holds other work, the one beside it where this was begun."""
    if not other_work(run_dir, plan):
        return run_dir
    for folder in _beside(run_dir):
        if not folder.exists():
            return run_dir
        if _is_begun(folder, plan) and not other_work(folder, plan):
            return folder
    return run_dir


def free_beside(run_dir: Path) -> Path:
    """The first directory beside this one that does not exist yet."""
    return next(folder for folder in _beside(run_dir) if not folder.exists())


def clear(run_dir: Path, plan: Plan, ways: Ways, report: Progress, *, discard: bool) -> None:
    """Move the samples of other work aside where that was asked for. Raises OtherWorkError where not."""
    found = other_work(run_dir, plan)
    if found and not discard:
        raise _refused(run_dir, found, ways)
    for work in found:
        aside = move_aside(work.path, STALE)
        report.note(f"run: the samples of {work.task} were moved to {aside}: {'; '.join(work.differences)}")


def is_drawn_from(run_dir: Path, plan: Plan) -> bool:
    """Whether samples of a planned task were drawn from the model that is here, which the plan's checkpoint gave."""
    model = _read(run_dir / MODEL, Model)
    if model is None or model.checkpoint != plan.checkpoint or model.dtype != plan.dtype:
        return False
    if model.departures(plan.conversion):
        return False
    paths = [samples_path(run_dir, task.task) for task in plan.tasks]
    headers = [_header(path) for path in paths if _has_samples(path)]
    return any(header.model_sha256 == model.sha256 for header in headers if header)


def _beside(run_dir: Path) -> Iterator[Path]:
    number = 2
    run_dir = run_dir if run_dir.name else run_dir.resolve()
    while True:
        yield run_dir.with_name(f"{run_dir.name}{BESIDE}{number}")
        number += 1


def _is_begun(run_dir: Path, plan: Plan) -> bool:
    there = _read(run_dir / PLAN, Plan)
    return there is not None and {task.task for task in plan.tasks} & {task.task for task in there.tasks} != set()


def _refused(run_dir: Path, found: list[OtherWork], ways: Ways) -> OtherWorkError:
    counts = {work.task: len(log.rows) for work in found if (log := read_drawn(work.path))}
    reasons = dict.fromkeys(reason for work in found for reason in work.differences)
    held = ", ".join(f"{count} samples of {task}" for task, count in counts.items())
    message = f"{run_dir} holds {held} that this run cannot use: they have {'; '.join(reasons)}"
    hint = f"to keep them and work beside them: `{ways.beside}`; to move them aside to *.{STALE}: `{ways.discard}`"
    return OtherWorkError(message, hint=hint)


def _changed_model(run_dir: Path, plan: Plan) -> tuple[str, list[str]]:
    """The digest of the model that is here, and in what the plan asks for another one; nothing where it cannot say."""
    model = _read(run_dir / MODEL, Model)
    if model is None:
        return "", []
    reasons = []
    if model.checkpoint != plan.checkpoint:
        now = {file.path: file.sha256 for file in plan.checkpoint}
        then = {file.path: file.sha256 for file in model.checkpoint}
        files = sorted(path for path in {**now, **then} if now.get(path) != then.get(path))
        reasons.append(f"another checkpoint ({', '.join(files[:SHOWN])})")
    # By what the model says of itself, not by plan.json: that may have been rewritten since.
    return model.sha256, [*reasons, *model.departures(plan.conversion).values()]


def _differences(header: SamplesHeader, task: PlannedTask, plan: Plan, changed: tuple[str, list[str]]) -> list[str]:
    """In what a log was drawn otherwise than planned, in words. What only the backend knows is seen when it draws."""
    model_sha256, reasons = changed
    asked = {
        "data_sha256": task.data_sha256,
        "problems": task.problems,
        "sampling": plan.sampling,
        "backend": plan.backend,
        "dtype": plan.dtype,
    }
    pairs = {field: (getattr(header, field), value) for field, value in asked.items()}
    found = [told(field, drawn, wanted) for field, (drawn, wanted) in pairs.items() if drawn != wanted]
    return [*found, *(reasons if header.model_sha256 == model_sha256 else [])]


def _has_samples(path: Path) -> bool:
    """Whether a log has a whole line behind its header."""
    try:
        with path.open("rb") as stream:
            return bool(stream.readline()) and stream.readline().endswith(b"\n")
    except FileNotFoundError:
        return False


def _header(path: Path) -> SamplesHeader | None:
    with suppress(RecordError):
        return read_log(path, SamplesHeader)[0]
    return None


def _read(path: Path, kind: type[T]) -> T | None:
    """A record, or None where it is missing or broken: its stage writes it again."""
    with suppress(RecordError):
        return read_record(path, kind)
    return None
