"""The step `convert` of a run: the plan's checkpoint becomes model/ and model.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium import convert
from podium.convert.adapter import Base
from podium.plan.standing import is_drawn_from
from podium.records import Model, digest_of_files, read_record
from podium.run_directory import MODEL
from podium.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from podium.step import Finished, Inputs, Work

NAME = "convert"


def convert_step(work: Work) -> Step:
    """Checkpoint to model/ and model.json."""
    stated = work.plan.conversion

    def inputs(finished: Finished) -> Inputs:
        return {
            "checkpoint": digest_of_files(work.plan.checkpoint),
            "dtype": work.plan.dtype,
            "assume": stated.assume,
            "base": stated.base_sha256,
        }

    def do() -> Iterator[Path]:
        work.check_machine()
        if not _keeps_model(work):
            base = work.options.plan.base
            options = convert.ConvertOptions(
                checkpoint=work.options.plan.checkpoint,
                output=work.model_dir,
                dtype=work.plan.dtype,
                assume=stated.assume,
                base=Base(checkpoint=base, sha256=stated.base_sha256) if base else None,
            )
            convert.convert(options, work.report, _prompts(work))
        yield from sorted(work.model_dir.iterdir())
        yield convert.record_path(work.model_dir)

    return Step(name=NAME, revision=convert.REVISION, inputs=inputs, do=do)


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
    return [problem.prompt for planned in work.plan.tasks for problem in work.task(planned).problems]
