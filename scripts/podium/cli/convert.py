"""podium convert: training checkpoint to Hugging Face directory."""

from __future__ import annotations

from pathlib import Path

import click

from podium.cli.console import build_report
from podium.cli.options import FOLDER
from podium.convert import ConvertOptions, convert


@click.command()
@click.argument("checkpoint", type=FOLDER, envvar="PODIUM_CONVERT_CHECKPOINT")
@click.option("-o", "--output", type=FOLDER, required=True, help="Folder of the model; its record goes beside it.")
@click.option("--dtype", default="bfloat16", show_default=True, help="bfloat16, float16 or float32.")
def command(checkpoint: Path, output: Path, dtype: str) -> None:
    """Convert CHECKPOINT, a folder with model.safetensors, config.json and tokenizer.json."""
    convert(ConvertOptions(checkpoint=checkpoint, output=output, dtype=dtype), build_report())
    click.echo(output)
