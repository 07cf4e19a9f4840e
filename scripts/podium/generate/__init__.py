"""generate: samples of a task, drawn by a backend into an append-only log, then the harness's generations file.

Reads a model directory and a task. Writes samples/<task>.<shard>.jsonl and generations_<model>/….json.
"""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from podium.errors import UsageError
from podium.files import AppendLog
from podium.generate.backends.seam import Wanted
from podium.generate.log import DISCARDING, collect_samples, resume, samples_path, write_generations
from podium.generate.pace import Pace
from podium.generate.shards import WHOLE, parse_shard, part_of
from podium.records import SamplesHeader, Sampling, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.generate.backends.seam import Backend
    from podium.progress import Progress
    from podium.tasks import Problem, Task

__all__ = ["GenerateOptions", "collect_samples", "generate", "samples_path", "write_generations"]

REVISION = 5  # raise when the same inputs would give other samples


class GenerateOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What one generate job was asked for. `model_name` names the generations file, `shard` is I/N.

    Samples of other work are moved aside with `discard`; `discarding` is the command that asks for it. `replayed` is
    the file that backend replay reads.
    """

    run_dir: Path
    model_name: str
    model_sha256: str
    sampling: Sampling
    backend: str
    dtype: str
    shard: str = WHOLE
    discard: bool = False
    discarding: str = DISCARDING
    replayed: Path | None = None

    def __post_init__(self) -> None:
        """Raise UsageError for a shard out of range."""
        parse_shard(self.shard)


def generate(
    options: GenerateOptions,
    task: Task,
    backend: Backend,
    report: Progress,
    clock: Callable[[], float] = time.monotonic,
) -> SamplesHeader:
    """Draw what the log still lacks; once the task is whole, write the generations file.

    Raises UsageError for a shard without problems, OtherWorkError for samples that were drawn otherwise, BackendError
    and StorageError; the log stays intact.
    """
    problems = part_of(task.problems, options.shard)
    if not problems:
        message = f"shard {options.shard} of {task.name} has no problems: there are only {len(task.problems)}"
        raise UsageError(message, hint="use fewer shards")
    task = msgspec.structs.replace(task, problems=problems)
    header = _header(options, task, backend)
    path = samples_path(options.run_dir, task.name, options.shard)
    header, done = resume(
        path,
        header,
        report,
        whole_problems=not backend.draws_single_samples,
        discard=options.discard,
        discarding=options.discarding,
    )
    wanted = _wanted(problems, options.sampling.n_samples, done)
    for warning in backend.preflight(task, options.sampling) if wanted else ():
        report.note(f"generate {task.name}: {warning}")
    _draw(path, header, task, wanted, backend, report, clock)
    if options.shard == WHOLE:
        write_generations(options.run_dir, options.model_name, task.name)
    return header


def _header(options: GenerateOptions, task: Task, backend: Backend) -> SamplesHeader:
    return SamplesHeader(
        task=task.name,
        shard=options.shard,
        model_sha256=options.model_sha256,
        data_sha256=task.data_sha256,
        sampling=options.sampling,
        backend=options.backend,
        dtype=options.dtype,
        problems=[problem.id for problem in task.problems],
        stop=backend.stop_words(task),
        versions=backend.versions(),
    )


def _told(tokens: int, seconds: float) -> str:
    return f"{tokens:,} tokens, {tokens / max(seconds, 1e-9):,.0f} tokens/s" if tokens else ""


def _wanted(problems: list[Problem], n_samples: int, done: set[tuple[str, int]]) -> list[Wanted]:
    wanted = []
    for problem in problems:
        indexes = [index for index in range(n_samples) if (problem.id, index) not in done]
        wanted += [Wanted(problem, indexes)] if indexes else []
    return wanted


def _draw(
    path: Path,
    header: SamplesHeader,
    task: Task,
    wanted: list[Wanted],
    backend: Backend,
    report: Progress,
    clock: Callable[[], float],
) -> None:
    total = len(header.problems) * header.sampling.n_samples
    done = total - sum(len(one.indexes) for one in wanted)
    report.start(f"generate {header.task}", total, "samples", done)
    # Tokens stay 0 where the backend does not see them.
    tokens, drawn_before, begun = 0, backend.tokens_drawn(), clock()
    pace = Pace(total, done, header.sampling.max_length)
    # Closed when the log fails or somebody interrupts: a backend may have threads that would go on drawing.
    with AppendLog(path) as log, closing(backend.draw(task, wanted, header.sampling)) as batches:
        if not path.stat().st_size:
            log.append([encode(header)])
        for samples in batches if wanted else ():
            if samples:
                log.append(encode(sample) for sample in samples)
            tokens += sum(sample.tokens for sample in samples)
            drawn = backend.tokens_drawn() - drawn_before
            report.estimate(pace.share(samples, drawn))
            told = _told(drawn or tokens, clock() - begun)
            report.advance(len(samples), ", ".join(filter(None, (told, backend.facts()))))
    report.finish(f"{tokens} useful tokens" if tokens else "")
