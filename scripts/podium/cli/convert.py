"""podium convert: training checkpoint to Hugging Face directory."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

import click

from podium.cli.console import build_progress
from podium.cli.options import FILE, FOLDER, PATH
from podium.cli.remedies import remedies_in_config
from podium.cli.working import working_on_model
from podium.convert import ConvertOptions, record_path
from podium.convert.adapter import Base
from podium.convert.step import convert_step
from podium.errors import CheckpointError, FindingsError, UsageError
from podium.ledger import do_alone

GIB = 1 << 30
NOT_SUBMITTED = "the gate `conversion` says no to such a model after its whole evaluation"


@click.command()
@click.argument("checkpoint", type=PATH, envvar="PODIUM_CONVERT_CHECKPOINT")
@click.option("-o", "--output", type=FOLDER, required=True, help="Folder of the model; its record goes beside it.")
@click.option("--dtype", default="bfloat16", show_default=True, help="bfloat16, float16 or float32.")
@click.option("--golden", type=FILE, help="Logits of the training stack (.npz); golden.npz beside the weights without.")
@click.option(
    "--assume",
    default="",
    help="What is known of the layout, e.g. order=in_out,pairing=adjacent,head=own_hv; recorded.",
)
@click.option("--base", type=PATH, help="The checkpoint that a LoRA adapter was trained on.")
@click.option("--base-sha256", default="", help="SHA-256 of the base's weight file.")
@click.option("--log", type=FILE, help="Training log (JSONL with val_loss or loss) to hold the model against.")
@click.option("--shard-gib", type=click.FloatRange(min=0.001), help="Split the weights into files of so many GiB.")
def command(
    checkpoint: Path,
    output: Path,
    dtype: str,
    golden: Path | None,
    assume: str,
    base: Path | None,
    base_sha256: str,
    log: Path | None,
    shard_gib: float | None,
) -> None:
    """Convert CHECKPOINT: a folder of weights, config.json and tokenizer.json, or one weight file among these.

    Byte order, rotary pairing and head layout are found by trying them; labels decide nothing. Where they cannot be
    found, nothing is written and every reading is shown with its scores. Ends with exit code 1 when the model is
    written and a check failed on it.
    """
    if base_sha256 and base is None:
        message = "--base-sha256 pins nothing without --base"
        raise UsageError(message, hint="name the base: --base DIR")
    options = ConvertOptions(
        checkpoint=checkpoint,
        output=output,
        dtype=dtype,
        golden=golden,
        assume=assume,
        base=Base(checkpoint=base, sha256=base_sha256) if base else None,
        log=log,
        shard_bytes=int(shard_gib * GIB) if shard_gib else None,
    )
    # In a job of a workflow flags come from podium.toml, through the plan.
    words = remedies_in_config() if os.environ.get("GITHUB_ACTIONS") else nullcontext()
    try:
        with words, working_on_model(output):
            progress = build_progress()
            model = do_alone(output.parent, convert_step(options, progress), progress)
    except ModuleNotFoundError as err:
        message = f"convert needs the package {err.name}"
        raise CheckpointError(message, hint="pip install 'podium-leaderboard[model]'") from err
    click.echo(output)
    if failed := [check for check in model.checks if not check.ok]:
        message = f"{output} is written, but it failed {', '.join(check.name for check in failed)}: {failed[0].saw}"
        raise FindingsError(message, hint=f"mend that first: {NOT_SUBMITTED}; {record_path(output)} holds all checks")
