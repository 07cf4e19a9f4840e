"""podium convert: training checkpoint to Hugging Face directory."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podium.cli.console import build_progress
from podium.cli.options import FILE, FOLDER, config_option
from podium.cli.remedies import remedies_in_config
from podium.cli.sources import fetch_checkpoint
from podium.cli.working import working_on_model
from podium.convert import ConvertOptions, record_path
from podium.convert.adapter import Base
from podium.convert.hypotheses import parse_assumptions
from podium.convert.step import convert_step
from podium.convert.writer import DTYPES
from podium.errors import CheckpointError, FindingsError, UsageError
from podium.ledger import do_alone
from podium.names import check_name
from podium.plan import TRYOUT_TAG
from podium.records import Plan, read_record

if TYPE_CHECKING:
    from collections.abc import Mapping

DTYPE = "bfloat16"
Inputs = dict[str, Any]
GIB = 1 << 30
NOT_SUBMITTED = "the gate `conversion` says no to such a model after its whole evaluation"


@click.command()
@click.argument("checkpoint", required=False, envvar="PODIUM_CONVERT_CHECKPOINT")
@click.option("-o", "--output", type=FOLDER, required=True, help="Folder of the model; its record goes beside it.")
@click.option("--plan", type=FILE, help="Convert the checkpoint of this plan as it says, or nothing if it changed.")
@click.option("--tag", default="", help="The release that release: or {tag} in the address means.")
@config_option
@click.option("--dtype", help="bfloat16, float16 or float32; default: bfloat16.")
@click.option(
    "--golden", type=FILE, help="Logits of the training stack (.npz); default: golden.npz beside the weights."
)
@click.option(
    "--assume",
    default="",
    help="What is known of the layout, e.g. order=in_out,pairing=adjacent,head=own_hv; recorded.",
)
@click.option("--base", help="The checkpoint that a LoRA adapter was trained on: a folder, a file or an address.")
@click.option("--base-sha256", default="", help="SHA-256 of the base's weight file.")
@click.option("--log", type=FILE, help="Training log (JSONL with val_loss or loss) to hold the model against.")
@click.option("--shard-gib", type=click.FloatRange(min=0.001), help="Split the weights into files of so many GiB.")
def command(
    checkpoint: str | None,
    output: Path,
    plan: Path | None,
    tag: str,
    config: Path,
    golden: Path | None,
    log: Path | None,
    shard_gib: float | None,
    **stated: str | None,
) -> None:
    """Convert CHECKPOINT: a folder of weights, config.json and tokenizer.json, or one weight file among these.

    It may also be an address: release:PATTERN, hf://ORG/NAME@REVISION or https://HOST/FILE#sha256=DIGEST; then it is
    fetched first. Byte order, rotary pairing and head layout are found by trying them; labels decide nothing. Where
    they cannot be found, nothing is written and every reading is shown with its scores. Ends with exit code 1 when the
    model is written and a check failed on it.
    """
    inputs = _inputs(checkpoint, plan, tag, config.resolve().parent, stated)
    options = ConvertOptions(
        output=output,
        golden=golden,
        log=log,
        shard_bytes=int(shard_gib * GIB) if shard_gib else None,
        **inputs,
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


def _inputs(
    checkpoint: str | None, plan: Path | None, tag: str, root: Path, stated: Mapping[str, str | None]
) -> Inputs:
    """What is converted, and how: as typed or as planned. Raises UsageError for both and for neither."""
    if plan is not None and checkpoint is None:
        return _planned(plan, root, stated)
    if plan is None and checkpoint is not None:
        return _typed(checkpoint, tag, stated)
    message = "name the checkpoint, or a plan that names it"
    raise UsageError(message, hint="podium convert CHECKPOINT -o MODEL, or podium convert --plan plan.json -o MODEL")


def _typed(checkpoint: str, tag: str, stated: Mapping[str, str | None]) -> Inputs:
    """What the command line says. Raises UsageError, and what the checkpoint's source raises."""
    base, digest = stated["base"], stated["base_sha256"] or ""
    if digest and not base:
        message = "--base-sha256 pins nothing without --base"
        raise UsageError(message, hint="name the base: --base DIR")
    # Refused before hours of fetching.
    check_name("dtype", stated["dtype"] or DTYPE, DTYPES)
    parse_assumptions(stated["assume"] or "")
    return {
        "checkpoint": fetch_checkpoint(checkpoint, tag, Path()).path,
        "dtype": stated["dtype"] or DTYPE,
        "assume": stated["assume"] or "",
        "base": Base(checkpoint=fetch_checkpoint(base, tag, Path()).path, sha256=digest) if base else None,
    }


def _planned(path: Path, root: Path, stated: Mapping[str, str | None]) -> Inputs:
    """What a plan says, its checkpoint held to the digests there. Raises UsageError, SourceError."""
    if given := [name.replace("_", "-") for name, value in stated.items() if value]:
        message = f"--plan says what --{given[0]} would"
        raise UsageError(message, hint=f"change podium.toml and plan anew, or leave --{given[0]} out")
    record = read_record(path, Plan)
    if not record.source:
        message = f"{path} does not say where its checkpoint lies"
        raise UsageError(message, hint="podium plan writes one that does")
    tag = record.release.tag if record.release.tag != TRYOUT_TAG else ""
    said = record.conversion
    found = fetch_checkpoint(record.source, tag, root, record.checkpoint)
    base = fetch_checkpoint(said.base, tag, root).path if said.base else None
    return {
        "checkpoint": found.path,
        "dtype": record.dtype,
        "assume": said.assume,
        "base": Base(checkpoint=base, sha256=said.base_sha256) if base else None,
    }
