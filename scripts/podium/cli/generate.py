"""podium generate: draw samples for one task."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from podium.cli.console import build_progress
from podium.cli.options import FILE, FOLDER, data_dir_option, discard_option
from podium.cli.working import command_line, working_in
from podium.config import DEFAULT_BACKEND
from podium.convert import digest_folder
from podium.errors import BackendError, UsageError
from podium.generate import GenerateOptions, samples_path
from podium.generate.backends.seam import BACKEND_OPTIONS, BACKENDS
from podium.generate.shards import WHOLE
from podium.generate.step import generate_step
from podium.ledger import do_alone
from podium.names import check_name, load
from podium.protocol import BOARD_SAMPLING, generations_name
from podium.records import Sampling, digest_of_files
from podium.step import task_at_hand
from podium.tasks import load_task

if TYPE_CHECKING:
    from podium.cli.options import F
    from podium.generate.backends.seam import Backend


FALLBACK = "transformers"
EXTRAS = {"vllm": "vllm"}  # what pip installs for a backend; `model` for the others


class BackendInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What some backends need beside the model: a file to replay, a checkout of the harness and its interpreter."""

    generations: Path | None = None
    harness: Path | None = None
    harness_python: str | None = None

    def for_backend(self, name: str, choosing: str = "pass --backend {}") -> dict[str, object]:
        """The keyword arguments of a backend's constructor; `choosing` says how this command chooses another.

        Raises UsageError for one too few or too many.
        """
        wanted = BACKEND_OPTIONS.get(name, ())
        given: dict[str, object] = {
            field: value for field in self.__struct_fields__ if (value := getattr(self, field)) is not None
        }
        for field in given:
            if field not in wanted:
                owner = next(backend for backend, fields in BACKEND_OPTIONS.items() if field in fields)
                message = f"{_flag(field)} belongs to backend {owner!r}, not to {name!r}"
                raise UsageError(message, hint=f"{choosing.format(owner)}, or leave {_flag(field)} out")
        settled = {"harness_python": sys.executable, "environment": os.environ, **given}
        for field in wanted:
            if field not in settled:
                message = f"backend {name!r} needs {_flag(field)}"
                raise UsageError(message, hint=command_line(_flag(field), "PATH"))
        return {field: settled[field] for field in wanted}


def _flag(field: str) -> str:
    return "--" + field.replace("_", "-")


NO_INPUTS = BackendInputs()


def build_backend(
    name: str, model_dir: Path, dtype: str, inputs: BackendInputs = NO_INPUTS, *, generations: Path | None = None
) -> Backend:
    """Import a backend and load the model; a family that `native` does not know goes to transformers, and says so.

    `generations` is the file to replay in place of what `inputs` name.
    Raises UnknownNameError, UsageError, BackendError.
    """
    from podium.generate.backends.native.shape import UnsupportedModelError

    check_name("backend", name, BACKENDS)
    inputs = msgspec.structs.replace(inputs, generations=generations or inputs.generations)
    more = inputs.for_backend(name)
    try:
        kind = load("backend", name, BACKENDS)
        backend: Backend = kind(model_dir, dtype, **more)
    except ModuleNotFoundError as err:
        message = f"backend {name!r} needs the package {err.name}"
        raise BackendError(message, hint=f"pip install 'podium-leaderboard[{EXTRAS.get(name, 'model')}]'") from err
    except UnsupportedModelError as err:
        click.echo(f"generate: {err}; {FALLBACK} draws instead, at several times the cost in CPU time", err=True)
        return build_backend(FALLBACK, model_dir, dtype)
    return backend


def harness_options(command: F) -> F:
    """`--harness` and `--harness-python`, for backend `harness`."""
    options = (
        click.option("--harness", type=FOLDER, help="A checkout of bigcode-evaluation-harness, for --backend harness."),
        click.option("--harness-python", help="The harness's own interpreter; default: podium's own interpreter."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.argument("model_dir", type=FOLDER, envvar="PODIUM_GENERATE_MODEL_DIR")
@click.option("--task", required=True, help="For example humaneval or multiple-sh.")
@click.option("-o", "--output", type=FOLDER, required=True, help="The run directory.")
@click.option("--name", help="Model name in file names; default: the folder's name.")
@click.option("--backend", default=DEFAULT_BACKEND, show_default=True, help="One of: " + ", ".join(BACKENDS))
@click.option("--generations", type=FILE, help="The harness's generations file, for --backend replay.")
@harness_options
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
@discard_option
@data_dir_option
def command(
    model_dir: Path,
    task: str,
    output: Path,
    name: str | None,
    backend: str,
    generations: Path | None,
    harness: Path | None,
    harness_python: str | None,
    shard: str,
    limit: int | None,
    dtype: str,
    discard: bool,
    data_dir: Path | None,
    **sampling: float,
) -> None:
    """Draw samples from MODEL_DIR, a folder that `podium convert` wrote. Continues where it was stopped."""
    inputs = BackendInputs(generations=generations, harness=harness, harness_python=harness_python)
    loaded = task_at_hand(load_task(task, data_dir, limit))
    options = GenerateOptions(
        run_dir=output,
        model_name=name or model_dir.resolve().name,
        model_sha256=digest_of_files(digest_folder(model_dir)),
        sampling=_build_sampling(sampling),
        backend=backend,
        dtype=dtype,
        shard=shard,
        discard=discard,
        discarding=command_line("--discard"),
        replayed=generations,
    )
    progress = build_progress()
    building = partial(build_backend, backend, model_dir, dtype, inputs)
    with working_in(output, is_new=True):
        do_alone(output, generate_step(options, model_dir, loaded, building, progress), progress)
    is_whole = shard == WHOLE
    click.echo(output / generations_name(task, options.model_name) if is_whole else samples_path(output, task, shard))


def _build_sampling(values: dict[str, float]) -> Sampling:
    try:
        return msgspec.convert(values, Sampling)
    except msgspec.ValidationError as err:
        message = f"these sampling options do not fit: {err}"
        raise UsageError(message, hint="podium generate --help lists the ranges") from err
