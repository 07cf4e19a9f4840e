"""`python -m podium.demo.train -o DIR`: how the demo's checkpoint was made, and how to make it again.

Reads demo/problems. Writes DIR/model.safetensors, DIR/config.json and DIR/tokenizer.json in entrenar's layout, and
DIR/golden.npz, the model's own logits.
The shipped files are its defaults on two threads; another thread count rounds differently.
"""

from __future__ import annotations

from pathlib import Path

import click

from podium.cli.console import build_progress
from podium.demo.corpus import training_texts
from podium.demo.golden import write_golden
from podium.demo.layout import write_checkpoint
from podium.demo.recipe import Recipe, train
from podium.errors import PodiumError

DEFAULT = Recipe()


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="Where to write.")
@click.option("--seed", type=click.IntRange(min=0), default=DEFAULT.seed, show_default=True)
@click.option("--steps", type=click.IntRange(min=1), default=DEFAULT.steps, show_default=True)
def command(output: Path, seed: int, steps: int) -> None:
    """Train the demo's tokenizer and model on its own problems."""
    recipe = Recipe(seed=seed, steps=steps)
    try:
        trained = train(recipe, training_texts(), build_progress())
        write_checkpoint(output, recipe, trained)
        write_golden(output, trained)
    except PodiumError as err:
        message = f"{err}\n  what to do: {err.hint}"
        raise click.ClickException(message) from err
    click.echo(str(output))


if __name__ == "__main__":
    command()
