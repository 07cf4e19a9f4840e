"""podium measure: throughput and peak memory of a model, by the board's protocol."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from podium.cli.console import build_progress
from podium.cli.options import FILE, FOLDER
from podium.cli.working import working_on_file
from podium.convert import digest_folder
from podium.errors import BackendError, UsageError
from podium.ledger import do_alone
from podium.measure import BATCHES, NEW_TOKENS, SECONDS, MeasureOptions
from podium.measure.step import measure_step
from podium.records import digest_of_files
from podium.run_directory import THROUGHPUT


@click.command()
@click.argument("model_dir", type=FOLDER, envvar="PODIUM_MEASURE_MODEL_DIR")
@click.option("-o", "--output", type=FILE, default=Path(THROUGHPUT), show_default=True)
@click.option("--name", help="Name of the model; default: the folder's name.")
@click.option("--batches", default=",".join(map(str, BATCHES)), show_default=True, help="Batch sizes.")
@click.option("--new-tokens", type=click.IntRange(min=2), default=NEW_TOKENS, show_default=True)
@click.option("--seconds", type=click.FloatRange(min=0), default=SECONDS, show_default=True, help="Of one batch size.")
@click.option(
    "--dtype",
    type=click.Choice(["float16", "bfloat16", "float32"]),
    help="float16 on a card, as the board has it, and float32 on a processor without it.",
)
def command(
    model_dir: Path,
    output: Path,
    name: str | None,
    batches: str,
    new_tokens: int,
    seconds: float,
    dtype: str | None,
) -> None:
    """Measure MODEL_DIR: tokens per second at batch sizes 1 and 50, peak memory, and the latency of one token.

    By the board's protocol on a card: float16, one random token a row, then 1,000 greedy ones, a warm-up, at least ten
    seconds, three significant digits. Elsewhere the same is measured, and the record says what differs.
    """
    if not (model_dir / "config.json").is_file():
        message = f"{model_dir} is not a model folder: it has no config.json"
        raise BackendError(message, hint="run podium convert first, and name the folder it wrote")
    options = MeasureOptions(
        model=name or model_dir.resolve().name,
        model_sha256=digest_of_files(digest_folder(model_dir)),
        batches=_sizes(batches),
        new_tokens=new_tokens,
        seconds=seconds,
    )
    try:
        from podium.measure.engine import TransformersEngine
    except ModuleNotFoundError as err:
        message = f"measure needs the package {err.name}"
        raise BackendError(message, hint="pip install 'podium-leaderboard[model]'") from err
    progress = build_progress()
    step = measure_step(options, model_dir, partial(TransformersEngine, model_dir, dtype or ""), output, progress)
    with working_on_file(output):
        record = do_alone(output.parent, step, progress)
    for difference in record.differences:
        click.echo(f"measure: not comparable with the board: {difference}", err=True)
    click.echo(output)


def _sizes(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdigit() for part in parts):
        message = f"batch sizes {text!r} are not whole numbers"
        raise UsageError(message, hint="pass for example --batches 1,50")
    return tuple(map(int, parts))
