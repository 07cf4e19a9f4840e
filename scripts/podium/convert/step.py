"""The step `convert`: a checkpoint becomes a model directory and, beside it, its record."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from podium import convert
from podium.convert.adapter import Base
from podium.errors import RecordError
from podium.files import sha256_file
from podium.plan.standing import is_drawn_from
from podium.records import Model, digest_of_files, read_record
from podium.run_directory import MODEL
from podium.step import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from podium.convert import ConvertOptions
    from podium.progress import Progress
    from podium.records import FileDigest
    from podium.step import Finished, Inputs, Work

NAME = "convert"


def convert_step(
    options: ConvertOptions,
    report: Progress,
    *,
    checkpoint: Callable[[], list[FileDigest]] | None = None,
    prompts: Callable[[], Sequence[str]] = tuple,
    keeps: Callable[[], bool] = bool,
) -> Step[Model]:
    """Checkpoint to model directory and record; a model that is there is left alone where `keeps` says so.

    `checkpoint` gives its files where they are digested already; the tokenizer must give `prompts` back.
    """
    record = convert.record_path(options.output)

    def inputs(finished: Finished) -> Inputs:
        files = (checkpoint or partial(convert.digest_checkpoint, options.checkpoint))()
        return {
            "checkpoint": digest_of_files(files),
            "dtype": options.dtype,
            "assume": options.assume,
            "base": options.base.sha256 if options.base else "",
            **_asked_of_the_command(options),
        }

    def do() -> Model:
        return read_record(record, Model) if keeps() else convert.convert(options, report, prompts())

    def outputs() -> Iterator[Path]:
        yield from (options.output / file.path for file in _files(record))
        yield record

    return Step(name=NAME, revision=convert.REVISION, inputs=inputs, do=do, outputs=outputs)


def _asked_of_the_command(options: ConvertOptions) -> Inputs:
    """What a plan cannot ask for."""
    files = {"golden": options.golden, "log": options.log}
    asked: Inputs = {name: sha256_file(path) for name, path in files.items() if path}
    return {**asked, "shard_bytes": options.shard_bytes} if options.shard_bytes else asked


def _files(record: Path) -> list[FileDigest]:
    try:
        return read_record(record, Model).files
    except RecordError:
        return []  # missing or broken: then it is not done


def planned_convert(work: Work) -> Step[Model]:
    """The plan's checkpoint to model/ and model.json; a model that samples were drawn from is kept."""
    stated, base = work.plan.conversion, work.options.plan.base
    options = convert.ConvertOptions(
        checkpoint=work.options.plan.checkpoint,
        output=work.model_dir,
        dtype=work.plan.dtype,
        assume=stated.assume,
        base=Base(checkpoint=base, sha256=stated.base_sha256) if base else None,
    )

    def keeps() -> bool:
        work.check_machine()
        return _keeps_model(work)

    return convert_step(
        options, work.report, checkpoint=lambda: work.plan.checkpoint, prompts=partial(_prompts, work), keeps=keeps
    )


def _keeps_model(work: Work) -> bool:
    """Whether an untouched model that samples were drawn from is here: another one would cost them."""
    if not is_drawn_from(work.run_dir, work.plan):
        return False
    record = read_record(work.run_dir / MODEL, Model)
    is_untouched = work.model_dir.is_dir() and convert.digest_folder(work.model_dir) == record.files
    if is_untouched:
        kept = "the model is kept, since samples were drawn from it"
        work.report.note(f"convert: {kept}; another --run-dir converts and draws anew")
    return is_untouched


def _prompts(work: Work) -> list[str]:
    """Every prompt of the run: the converted tokenizer must give each of them back."""
    return [problem.prompt for planned in work.plan.tasks for problem in work.task(planned).load().problems]
