"""merge: the shards of a task back into one sample log and the harness's file. Refuses whatever does not fit.

Reads samples/<task>.<I>-of-<N>.jsonl of any number of run directories. Writes samples/<task>.1-of-1.jsonl.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from podium.errors import IncompleteError, RecordError
from podium.files import write_atomic
from podium.generate.log import DISCARDING, give_up, read_drawn, read_samples, samples_path, write_generations
from podium.generate.shards import WHOLE, joined, parse_shard
from podium.progress import SilentProgress
from podium.records import Sample, SamplesHeader, encode, read_log
from podium.run_directory import SAMPLES_FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from podium.progress import Progress

Part = tuple["Path", SamplesHeader, list[list[Sample]]]
UNHEARD = SilentProgress()


def merge(
    run_dirs: Sequence[Path],
    output: Path,
    model_name: str,
    report: Progress = UNHEARD,
    *,
    discard: bool = False,
    discarding: str = DISCARDING,
) -> dict[str, Path]:
    """Merge every task that has shards in `run_dirs`; returns the generations file of each.

    Raises IncompleteError for a missing shard or sample, RecordError for shards that overlap or are of different
    models, data, sampling, backends or versions, OtherWorkError where `output` holds samples that no shard has, unless
    `discard` moves them aside. Shards that lie in `output` are removed once they are merged.
    """
    logs: dict[str, list[Path]] = {}
    for run_dir in dict.fromkeys(run_dirs):
        for path in sorted((run_dir / SAMPLES_FOLDER).glob("*.jsonl")):
            logs.setdefault(read_log(path, SamplesHeader)[0].task, []).append(path)
    if not logs:
        message = f"there are no sample logs in {', '.join(map(str, run_dirs))}"
        raise IncompleteError(message, hint="name the run directories that podium generate wrote")
    taking = Taking(output=output, model_name=model_name, report=report, discard=discard, discarding=discarding)
    return {task: _merge_task(task, paths, taking) for task, paths in sorted(logs.items())}


@dataclass(frozen=True, kw_only=True)
class Taking:
    """Where the whole goes, and what becomes of samples that are there."""

    output: Path
    model_name: str
    report: Progress
    discard: bool
    discarding: str


def _merge_task(task: str, paths: list[Path], taking: Taking) -> Path:
    target = samples_path(taking.output, task)
    shards = [path for path in paths if path != target]
    if not _is_merged(target, shards):
        header, rows = _joined(task, shards or paths)
        lines = [encode(header) + b"\n", *(encode(sample) + b"\n" for row in rows for sample in row)]
        _make_room(target, header, lines, taking)
        write_atomic(target, b"".join(lines))
    written = write_generations(taking.output, taking.model_name, task)
    for path in shards:
        if path.parent == target.parent:
            path.unlink()
    return written


def _is_merged(target: Path, shards: list[Path]) -> bool:
    """Whether the whole has every row of these shards already: a merge was interrupted while it removed them."""
    whole = read_drawn(target)
    if whole is None or whole.header is None or not whole.is_whole:
        return False
    for part in map(read_drawn, shards):
        if part is None or part.header is None or not part.rows.items() <= whole.rows.items():
            return False
        if msgspec.structs.replace(part.header, shard=WHOLE, problems=whole.header.problems) != whole.header:
            return False
    return True


def _make_room(target: Path, header: SamplesHeader, lines: list[bytes], taking: Taking) -> None:
    """Let a log with samples that the shards lack go, where that is asked for. Raises OtherWorkError."""
    there = read_drawn(target)
    if there is None:
        return
    drawn = set(lines)
    foreign = [line for line in there.rows.values() if line not in drawn]
    reasons = [*there.differences(header), *there.faults]
    if foreign:
        reasons.append(f"{len(foreign)} of them are in no shard")
    if reasons:
        give_up(there, "; ".join(reasons), taking.report, discard=taking.discard, discarding=taking.discarding)


def _joined(task: str, paths: list[Path]) -> tuple[SamplesHeader, list[list[Sample]]]:
    """The whole of the shards, its problems in data-set order."""
    parts = _in_order(task, [(path, *read_samples(path)) for path in paths])
    try:
        rows = joined([samples for _, _, samples in parts])
        problems = joined([header.problems for _, header, _ in parts])
    except ValueError as err:
        message = f"the shards of {task} do not fit together: {err}"
        raise RecordError(message, hint="generate all shards with the same --limit and number of shards") from err
    if len(set(problems)) != len(problems):
        message = f"the shards of {task} overlap: a problem is in two of them"
        raise RecordError(message, hint="generate all shards with the same --limit and number of shards")
    return msgspec.structs.replace(parts[0][1], shard=WHOLE, problems=problems), rows


def _in_order(task: str, parts: list[Part]) -> list[Part]:
    """The parts by shard number, each number once, all drawn alike."""
    first = parts[0][1]
    _, count = parse_shard(first.shard)
    by_number: dict[int, Part] = {}
    for path, header, samples in parts:
        _check_alike(parts[0][0], first, path, header)
        number, its_count = parse_shard(header.shard)
        if its_count != count:
            message = f"{path} is shard {header.shard}, {parts[0][0]} is shard {first.shard}: of different splits"
            raise RecordError(message, hint="merge the shards of one split only")
        if number in by_number:
            message = f"shard {header.shard} of {task} comes twice: {by_number[number][0]} and {path}"
            raise RecordError(message, hint="name each run directory once, and leave the older of the two out")
        by_number[number] = (path, header, samples)
    missing = [f"{number}/{count}" for number in range(1, count + 1) if number not in by_number]
    if missing:
        message = f"{task} lacks shard {', '.join(missing)}"
        raise IncompleteError(message, hint=f"podium generate --task {task} --shard {missing[0]}, then merge again")
    return [by_number[number] for number in sorted(by_number)]


def _check_alike(one_path: Path, one: SamplesHeader, path: Path, other: SamplesHeader) -> None:
    for field in ("model_sha256", "data_sha256", "sampling", "backend", "dtype", "stop", "versions"):
        if getattr(one, field) != getattr(other, field):
            message = f"{one_path} and {path} were drawn with different {field}"
            raise RecordError(message, hint="generate the odd shard again with the same model, data and options")
