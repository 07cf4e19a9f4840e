"""podium generate: draw samples for one task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from podium.cli.console import build_report
from podium.cli.options import FOLDER, data_dir_option
from podium.convert import digest_folder
from podium.errors import BackendError, UsageError
from podium.generate import GenerateOptions, generate, samples_path
from podium.generate.backend import BACKENDS
from podium.generate.shards import WHOLE
from podium.names import load
from podium.protocol import BOARD_SAMPLING, generations_name
from podium.records import Sampling, digest_of_files
from podium.tasks import load_task

if TYPE_CHECKING:
    from podium.generate.backend import Backend


FALLBACK = "transformers"


def build_backend(name: str, model_dir: Path, dtype: str) -> Backend:
    """Import a backend and load the model; a family that `native` does not know goes to transformers, and says so.

    Raises UnknownNameError, BackendError.
    """
    from podium.generate.native.shape import UnsupportedModelError

    try:
        kind = load("backend", name, BACKENDS)
        backend: Backend = kind(model_dir, dtype)
    except ModuleNotFoundError as err:
        message = f"backend {name!r} needs the package {err.name}"
        raise BackendError(message, hint="pip install 'podium-leaderboard[model]'") from err
    except UnsupportedModelError as err:
        click.echo(f"generate: {err}; {FALLBACK} draws instead, at several times the cost in CPU time", err=True)
        return build_backend(FALLBACK, model_dir, dtype)
    return backend


@click.command()
@click.argument("model_dir", type=FOLDER, envvar="PODIUM_GENERATE_MODEL_DIR")
@click.option("--task", required=True, help="For example humaneval or multiple-sh.")
@click.option("-o", "--output", type=FOLDER, required=True, help="The run directory.")
@click.option("--name", help="Model name in file names; the folder's name without it.")
@click.option("--backend", default="transformers", show_default=True, help="One of: " + ", ".join(BACKENDS))
@click.option("--shard", default=WHOLE, show_default=True, help="I/N: every N-th problem from the I-th on.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first LIMIT problems.")
@click.option("--n-samples", type=click.IntRange(min=1), default=BOARD_SAMPLING.n_samples, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=BOARD_SAMPLING.seed, show_default=True)
@click.option("--temperature", type=float, default=BOARD_SAMPLING.temperature, show_default=True, help="0 is greedy.")
@click.option("--top-p", type=float, default=BOARD_SAMPLING.top_p, show_default=True)
@click.option("--max-length", type=click.IntRange(min=2), default=BOARD_SAMPLING.max_length, show_default=True)
@click.option(
    "--dtype", type=click.Choice(["auto", "bfloat16", "float16", "float32"]), default="auto", show_default=True
)
@data_dir_option
def command(
    model_dir: Path,
    task: str,
    output: Path,
    name: str | None,
    backend: str,
    shard: str,
    limit: int | None,
    dtype: str,
    data_dir: Path | None,
    **sampling: float,
) -> None:
    """Draw samples from MODEL_DIR, a folder that `podium convert` wrote. Continues where it was stopped."""
    loaded = load_task(task, data_dir, limit)
    options = GenerateOptions(
        run_dir=output,
        model_name=name or model_dir.resolve().name,
        model_sha256=digest_of_files(digest_folder(model_dir)),
        sampling=_build_sampling(sampling),
        backend=backend,
        dtype=dtype,
        shard=shard,
    )
    generate(options, loaded, build_backend(backend, model_dir, dtype), build_report())
    is_whole = shard == WHOLE
    click.echo(output / generations_name(task, options.model_name) if is_whole else samples_path(output, task, shard))


def _build_sampling(values: dict[str, float]) -> Sampling:
    try:
        return msgspec.convert(values, Sampling)
    except msgspec.ValidationError as err:
        message = f"these sampling options do not fit: {err}"
        raise UsageError(message, hint="podium generate --help lists the ranges") from err
