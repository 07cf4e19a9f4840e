"""podium golden: logits of a model that loads with transformers, to hold a conversion against."""

from __future__ import annotations

from pathlib import Path

import click

from podium.cli.options import FILE, FOLDER
from podium.convert.golden import FILE_NAME
from podium.convert.golden_maker import GoldenOptions, make_golden


@click.command()
@click.argument("model", type=FOLDER, envvar="PODIUM_GOLDEN_MODEL")
@click.option("-o", "--output", type=FILE, default=Path(FILE_NAME), show_default=True)
def command(model: Path, output: Path) -> None:
    """Write golden logits of MODEL, a Hugging Face directory, for `podium convert --golden`.

    The file is an .npz of `ids` [length], `positions` [count], `logits` [count, vocabulary] in float32 and `made_by`,
    a JSON text that says by what and from which files. As golden.npz beside a checkpoint's weights it needs no option.
    """
    make_golden(GoldenOptions(model=model, output=output))
    click.echo(output)
