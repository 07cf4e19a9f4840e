"""The sample log samples/<task>.<I>-of-<N>.jsonl: what it holds, what it lacks, and the harness's file made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.errors import IncompleteError, RecordError
from podium.files import canonical_json, complete_lines, write_atomic
from podium.generate.shards import WHOLE
from podium.protocol import generations_name
from podium.records import Sample, SamplesHeader, decode, encode, read_rows

if TYPE_CHECKING:
    from pathlib import Path

    from podium.progress import Report

Key = tuple[str, int]


def samples_path(run_dir: Path, task: str, shard: str = WHOLE) -> Path:
    """Path of a sample log: samples/<task>.<I>-of-<N>.jsonl."""
    return run_dir / "samples" / f"{task}.{shard.replace('/', '-of-')}.jsonl"


def resume(path: Path, header: SamplesHeader, report: Report, *, whole_problems: bool) -> set[Key]:
    """The samples that the log holds; a log of another run moves aside, and so does a log with doubled lines.

    With `whole_problems` the samples of a problem that is not complete are dropped from the log.
    """
    lines = list(complete_lines(path)) if path.exists() else []
    if not lines:
        path.unlink(missing_ok=True)
        return set()
    if lines[0][1] != encode(header) + b"\n":
        aside = path.with_name(f"{path.name}.stale")
        path.rename(aside)
        report.note(f"generate: {path.name} was drawn with other inputs; moved to {aside.name}")
        return set()
    samples = [decode(line, Sample, f"{path}:{number}") for number, line in lines[1:]]
    if not whole_problems:
        return {(sample.problem, sample.index) for sample in samples}
    counts: dict[str, int] = {}
    for sample in samples:
        counts[sample.problem] = counts.get(sample.problem, 0) + 1
    done = {problem for problem, count in counts.items() if count == header.sampling.n_samples}
    kept = [line for (_, line), sample in zip(lines[1:], samples, strict=True) if sample.problem in done]
    write_atomic(path, lines[0][1] + b"".join(kept))
    return {(sample.problem, sample.index) for sample in samples if sample.problem in done}


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
        raise RecordError(message, hint="delete the file and run generate again")
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
