"""podium merge: shards back into one run."""

from __future__ import annotations

from pathlib import Path

import click

from podium.cli.options import FOLDER
from podium.errors import UsageError
from podium.generate.merge import merge
from podium.records import Plan, read_record


@click.command()
@click.argument("run_dirs", type=FOLDER, nargs=-1, required=True, envvar="PODIUM_MERGE_RUN_DIRS")
@click.option("-o", "--output", type=FOLDER, required=True, help="The run directory that takes the whole.")
@click.option("--name", help="Model name in file names; plan.json says it without it.")
def command(run_dirs: tuple[Path, ...], output: Path, name: str | None) -> None:
    """Merge the shards that `podium generate --shard I/N` wrote into RUN_DIRS."""
    for path in merge(run_dirs, output, name or _planned_name([output, *run_dirs])):
        click.echo(path)


def _planned_name(run_dirs: list[Path]) -> str:
    for run_dir in run_dirs:
        if (run_dir / "plan.json").is_file():
            return read_record(run_dir / "plan.json", Plan).release.model.model
    message = "no run directory has a plan.json that names the model"
    raise UsageError(message, hint="pass --name MODEL, as podium generate was given it")
