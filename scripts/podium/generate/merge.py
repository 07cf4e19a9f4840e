"""merge: the shards of a task back into one sample log and the harness's file. Refuses whatever does not fit.

Reads samples/<task>.<I>-of-<N>.jsonl of any number of run directories. Writes samples/<task>.1-of-1.jsonl.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.errors import IncompleteError, RecordError
from podium.files import write_atomic
from podium.generate.log import read_samples, samples_path, write_generations
from podium.generate.shards import WHOLE, joined, parse_shard
from podium.records import Sample, SamplesHeader, encode, read_log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Part = tuple["Path", SamplesHeader, list[list[Sample]]]


def merge(run_dirs: Sequence[Path], output: Path, model_name: str) -> list[Path]:
    """Merge every task that has shards in `run_dirs`; returns the generations files written.

    Raises IncompleteError for a missing shard or sample, RecordError for shards that overlap or are of different
    models, data, sampling, backends or versions. Shards that lie in `output` are removed once they are merged.
    """
    logs: dict[str, list[Path]] = {}
    for run_dir in dict.fromkeys(run_dirs):
        for path in sorted((run_dir / "samples").glob("*.jsonl")):
            logs.setdefault(read_log(path, SamplesHeader)[0].task, []).append(path)
    if not logs:
        message = f"there are no sample logs in {', '.join(map(str, run_dirs))}"
        raise IncompleteError(message, hint="name the run directories that podium generate wrote")
    return [_merge_task(task, paths, output, model_name) for task, paths in sorted(logs.items())]


def _merge_task(task: str, paths: list[Path], output: Path, model_name: str) -> Path:
    target = samples_path(output, task)
    # What an interrupted merge left is written again from its shards.
    sources = [path for path in paths if path != target] or paths
    parts = _in_order(task, [(path, *read_samples(path)) for path in sources])
    first = parts[0][1]
    try:
        rows = joined([samples for _, _, samples in parts])
        problems = joined([header.problems for _, header, _ in parts])
    except ValueError as err:
        message = f"the shards of {task} do not fit together: {err}"
        raise RecordError(message, hint="generate all shards with the same --limit and number of shards") from err
    if len(set(problems)) != len(problems):
        message = f"the shards of {task} overlap: a problem is in two of them"
        raise RecordError(message, hint="generate all shards with the same --limit and number of shards")
    header = msgspec.structs.replace(first, shard=WHOLE, problems=problems)
    lines = [encode(header), *(encode(sample) for row in rows for sample in row)]
    write_atomic(target, b"".join(line + b"\n" for line in lines))
    written = write_generations(output, model_name, task)
    for path in sources:
        if path.parent == target.parent and path != target:
            path.unlink()
    return written


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
