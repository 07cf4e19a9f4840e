"""generate: samples of a task, drawn by a backend into an append-only log, then the harness's generations file.

Reads a model directory and a task. Writes samples/<task>.<shard>.jsonl and generations_<model>/….json.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from podium.errors import IncompleteError, RecordError
from podium.files import AppendLog, canonical_json, complete_lines, write_atomic
from podium.protocol import generations_name
from podium.records import Sample, SamplesHeader, Sampling, decode, encode, read_rows

if TYPE_CHECKING:
    from podium.generate.backend import Backend
    from podium.progress import Report
    from podium.tasks import Task

REVISION = 1  # raise when the same inputs would give other samples
WHOLE = "1/1"


class GenerateOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What one generate job was asked for. `model_name` names the generations file."""

    run_dir: Path
    model_name: str
    model_sha256: str
    sampling: Sampling
    backend: str
    dtype: str


def samples_path(run_dir: Path, task: str, shard: str = WHOLE) -> Path:
    """Path of a sample log: samples/<task>.<I>-of-<N>.jsonl."""
    return run_dir / "samples" / f"{task}.{shard.replace('/', '-of-')}.jsonl"


def generate(options: GenerateOptions, task: Task, backend: Backend, report: Report) -> SamplesHeader:
    """Draw what the log still lacks, then write the generations file. Raises BackendError, StorageError."""
    header = SamplesHeader(
        task=task.name,
        shard=WHOLE,
        model_sha256=options.model_sha256,
        data_sha256=task.data_sha256,
        sampling=options.sampling,
        backend=options.backend,
        dtype=options.dtype,
        problems=[problem.id for problem in task.problems],
        stop=backend.stop_words(task),
        versions=backend.versions(),
    )
    path = samples_path(options.run_dir, task.name)
    done = _resume(path, header, report)
    missing = [problem for problem in task.problems if problem.id not in done]
    count = options.sampling.n_samples
    report.start(f"generate {task.name}", len(task.problems) * count, "samples", len(done) * count)
    tokens = 0
    with AppendLog(path) as log:
        if not path.stat().st_size:
            log.append([encode(header)])
        for samples in backend.draw(task, missing, options.sampling):
            log.append(encode(sample) for sample in samples)
            tokens += sum(sample.tokens for sample in samples)
            report.advance(len(samples), f"{tokens} useful tokens")
    report.finish(f"{tokens} useful tokens")
    write_generations(options.run_dir, options.model_name, task.name)
    return header


def _resume(path: Path, header: SamplesHeader, report: Report) -> set[str]:
    """Problems that the log holds completely; a log of another run moves aside, half a problem is dropped."""
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
    counts: dict[str, int] = {}
    for sample in samples:
        counts[sample.problem] = counts.get(sample.problem, 0) + 1
    done = {problem for problem, count in counts.items() if count == header.sampling.n_samples}
    kept = [line for (_, line), sample in zip(lines[1:], samples, strict=True) if sample.problem in done]
    write_atomic(path, lines[0][1] + b"".join(kept))
    return done


def collect_samples(run_dir: Path, task: str) -> tuple[SamplesHeader, list[list[Sample]]]:
    """The log's samples by problem and index. Raises IncompleteError naming what is missing or doubled."""
    path = samples_path(run_dir, task)
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


def write_generations(run_dir: Path, model_name: str, task: str) -> Path:
    """Write the harness's file: a list of problems, each a list of n texts, in data-set order."""
    _, samples = collect_samples(run_dir, task)
    path = run_dir / generations_name(task, model_name)
    write_atomic(path, canonical_json([[sample.generation for sample in row] for row in samples]))
    return path
