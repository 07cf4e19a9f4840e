"""The sample log samples/<task>.<I>-of-<N>.jsonl: what it holds, what it lacks, and the harness's file made of it.

Samples are what costs hours: a log is never overwritten, and gives its place to another only when that was asked for.
"""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from podium.errors import IncompleteError, OtherWorkError, RecordError
from podium.files import aside_name, canonical_json, complete_lines, move_aside, write_atomic
from podium.generate.shards import WHOLE
from podium.protocol import generations_name
from podium.records import Sample, SamplesHeader, decode, read_rows
from podium.run_directory import SAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from podium.progress import Progress

Key = tuple[str, int]
STALE = "stale"
DISCARDING = "the same command with --discard"
DIGESTS = {"model_sha256": "another model", "data_sha256": "other task data"}
REPLAYED = "generations_sha256"  # stands among the versions, but is what the samples are


class DrawnLog(msgspec.Struct, frozen=True, kw_only=True):
    """A log as it is on disk: its header if there is one, its sound rows, and what is wrong with the others."""

    path: Path
    header: SamplesHeader | None
    first: bytes
    rows: dict[Key, bytes]
    doubled: int
    faults: list[str]

    @property
    def is_whole(self) -> bool:
        """Whether every sample of the header is here and nothing is wrong."""
        wanted = len(self.header.problems) * self.header.sampling.n_samples if self.header else -1
        return len(self.rows) == wanted and not self.faults

    def differences(self, header: SamplesHeader) -> list[str]:
        """In what this log was drawn otherwise than `header` says, in words."""
        if self.header is None:
            return ["a header that cannot be read"]
        pairs = {field: (getattr(self.header, field), getattr(header, field)) for field in header.__struct_fields__}
        return [told(field, drawn, asked) for field, (drawn, asked) in pairs.items() if drawn != asked]

    def differs_in_versions_alone(self, header: SamplesHeader) -> bool:
        """Whether the same was asked for, only drawn by other versions of the programs: then it was drawn well."""
        if self.header is None or msgspec.structs.replace(self.header, versions=header.versions) != header:
            return False
        return self.header.versions.get(REPLAYED) == header.versions.get(REPLAYED)


def told(field: str, drawn: object, asked: object) -> str:
    """One field that differs: `n_samples 50 instead of 1`, `164 problems instead of 20`, `another model`."""
    if isinstance(drawn, msgspec.Struct) and isinstance(asked, msgspec.Struct):
        drawn, asked = msgspec.structs.asdict(drawn), msgspec.structs.asdict(asked)
    if isinstance(drawn, dict) and isinstance(asked, dict):
        keys = [key for key in {**drawn, **asked} if drawn.get(key) != asked.get(key)]
        return ", ".join(f"{key} {drawn.get(key)} instead of {asked.get(key)}" for key in keys)
    if isinstance(drawn, list) and isinstance(asked, list):
        return f"{len(drawn)} {field} instead of {len(asked)}" if len(drawn) != len(asked) else f"other {field}"
    return DIGESTS.get(field, f"{field} {drawn} instead of {asked}")


def samples_path(run_dir: Path, task: str, shard: str = WHOLE) -> Path:
    """Path of a sample log: samples/<task>.<I>-of-<N>.jsonl."""
    return run_dir / SAMPLES.format(task=task, shard=shard.replace("/", "-of-"))


def read_drawn(path: Path) -> DrawnLog | None:
    """Read a log as far as it can be read; None where no row was ever drawn."""
    lines = list(complete_lines(path)) if path.exists() else []
    if len(lines) < 2:
        return None
    first, header = lines[0][1], None
    with suppress(RecordError):  # a header that cannot be read is a difference from any other
        header = decode(first, SamplesHeader, f"{path}:1")
    rows: dict[Key, bytes] = {}
    faults, contested, doubled = [], set(), 0
    for number, line in lines[1:]:
        try:
            key = _key_of(decode(line, Sample, f"{path}:{number}"), header, f"{path}:{number}")
        except RecordError as err:
            faults.append(str(err))
            continue
        if key not in rows:
            rows[key] = line
        elif rows[key] == line:
            doubled += 1
        else:
            contested.add(key[0])
            faults.append(f"{path}:{number} holds {key[0]}#{key[1]} a second time, with another text")
    sound = {key: line for key, line in rows.items() if key[0] not in contested}
    return DrawnLog(path=path, header=header, first=first, rows=sound, doubled=doubled, faults=faults)


def _key_of(sample: Sample, header: SamplesHeader | None, where: str) -> Key:
    """A sample's address. Raises RecordError for one that the header does not plan."""
    is_planned = header is None or (sample.problem in header.problems and sample.index < header.sampling.n_samples)
    if not is_planned:
        message = f"{where} holds {sample.problem}#{sample.index}, which was never planned"
        raise RecordError(message)
    return sample.problem, sample.index


def give_up(log: DrawnLog, reason: str, report: Progress, *, discard: bool, discarding: str) -> None:
    """Move a log of other work aside where that was asked for. Raises OtherWorkError where not."""
    if not discard:
        message = f"{log.path} holds {len(log.rows)} samples of other work: {reason}"
        stale = aside_name(log.path, STALE).name
        hint = f"to keep them, work in another folder; to move them to {stale}: `{discarding}`"
        raise OtherWorkError(message, hint=hint)
    aside = move_aside(log.path, STALE)
    report.note(f"generate: the {len(log.rows)} samples of {log.path} were moved to {aside.name}: {reason}")


def resume(
    path: Path, header: SamplesHeader, report: Progress, *, whole_problems: bool, discard: bool, discarding: str
) -> tuple[SamplesHeader, set[Key]]:
    """The header and the samples that the log holds; rows that came twice are written once.

    With `whole_problems` the samples of a problem that is not complete are dropped from the log. Raises
    OtherWorkError for samples that would have to go, unless `discard` asks for that.
    """
    log = read_drawn(path)
    if log is None:
        path.unlink(missing_ok=True)
        return header, set()
    if differences := log.differences(header):
        reason = "; ".join(differences)
        if log.header and log.is_whole and log.differs_in_versions_alone(header):
            report.note(f"generate {header.task}: the finished samples are kept, though drawn by {reason}")
            return log.header, _put_in_order(log, 1)
        give_up(log, reason, report, discard=discard, discarding=discarding)
        return header, set()
    if log.faults:
        _salvage(log, report, discard=discard, discarding=discarding)
    if log.doubled:
        report.note(f"generate {header.task}: {log.doubled} samples came twice and are written once")
    return header, _put_in_order(log, header.sampling.n_samples if whole_problems else 1)


def _salvage(log: DrawnLog, report: Progress, *, discard: bool, discarding: str) -> None:
    """Keep a copy of a log whose rows do not fit together; its sound rows go on. Raises OtherWorkError."""
    reason = log.faults[0] + (f", and {len(log.faults) - 1} lines more" if len(log.faults) > 1 else "")
    aside = aside_name(log.path, STALE)
    if not discard:
        hint = f"to keep the {len(log.rows)} sound samples and the file as {aside.name}: `{discarding}`"
        raise OtherWorkError(reason, hint=hint)
    shutil.copyfile(log.path, aside)
    report.note(f"generate: {len(log.rows)} sound samples of {log.path} are kept, the file as {aside.name}: {reason}")


def _put_in_order(log: DrawnLog, least: int) -> set[Key]:
    """Write the log without faults, doubles and problems of fewer than `least` samples, unless it is so already."""
    counts = Counter(problem for problem, _ in log.rows)
    kept = {key: line for key, line in log.rows.items() if counts[key[0]] >= least}
    if len(kept) != len(log.rows) or log.doubled or log.faults:
        write_atomic(log.path, log.first + b"".join(kept.values()))
    return set(kept)


def read_samples(path: Path) -> tuple[SamplesHeader, list[list[Sample]]]:
    """A log's samples by problem and index. Raises IncompleteError naming what is missing, RecordError for doubles."""
    header, rows = read_rows(path, SamplesHeader, Sample)
    by_id = {(sample.problem, sample.index): sample for sample in rows}
    wanted = [(problem, index) for problem in header.problems for index in range(header.sampling.n_samples)]
    missing = [f"{problem}#{index}" for problem, index in wanted if (problem, index) not in by_id]
    if missing:
        message = f"{path} lacks {len(missing)} samples: {', '.join(missing[:5])}"
        raise IncompleteError(message, hint="run generate again; it draws only what is missing")
    if len(rows) != len(wanted):
        message = f"{path} holds {len(rows)} samples, {len(wanted)} were planned: some are doubled or foreign"
        raise RecordError(message, hint="run generate again; it writes what came twice once, and says what else is odd")
    n = header.sampling.n_samples
    return header, [[by_id[problem, index] for index in range(n)] for problem in header.problems]


def collect_samples(run_dir: Path, task: str) -> tuple[SamplesHeader, list[list[Sample]]]:
    """The whole task's samples by problem and index. Raises IncompleteError, RecordError."""
    return read_samples(samples_path(run_dir, task))


def write_generations(run_dir: Path, model_name: str, task: str) -> Path:
    """Write the harness's file: a list of problems, each a list of n texts, in data-set order."""
    _, samples = collect_samples(run_dir, task)
    path = run_dir / generations_name(task, model_name)
    write_atomic(path, canonical_json([[sample.generation for sample in row] for row in samples]))
    return path
