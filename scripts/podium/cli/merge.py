"""podium merge: shards back into one run."""

from __future__ import annotations

from pathlib import Path

import click

from podium.cli.console import build_progress
from podium.cli.options import FOLDER, discard_option
from podium.cli.working import command_line, working_in
from podium.errors import UsageError
from podium.generate.merge import merge
from podium.generate.step import step_name
from podium.ledger import forget_steps
from podium.records import Plan, read_record
from podium.run_directory import PLAN


@click.command()
@click.argument("run_dirs", type=FOLDER, nargs=-1, required=True, envvar="PODIUM_MERGE_RUN_DIRS")
@click.option("-o", "--output", type=FOLDER, required=True, help="The run directory that takes the whole.")
@click.option("--name", help="Model name in file names; default: the one in plan.json.")
@discard_option
def command(run_dirs: tuple[Path, ...], output: Path, name: str | None, discard: bool) -> None:
    """Merge the shards that `podium generate --shard I/N` wrote into RUN_DIRS."""
    if gone := [run_dir for run_dir in run_dirs if not run_dir.is_dir()]:
        message = f"there is no run directory {gone[0]}"
        raise UsageError(message, hint="name the run directories that podium generate wrote")
    model_name = name or _planned_name([output, *run_dirs])
    with working_in(output, is_new=True):
        done = merge(
            run_dirs, output, model_name, build_progress(), discard=discard, discarding=command_line("--discard")
        )
        forget_steps(output, *map(step_name, done))
    for path in done.values():
        click.echo(path)


def _planned_name(run_dirs: list[Path]) -> str:
    for run_dir in run_dirs:
        if (run_dir / PLAN).is_file():
            return read_record(run_dir / PLAN, Plan).release.model.model
    message = "no run directory has a plan.json that names the model"
    raise UsageError(message, hint="pass --name MODEL, as podium generate was given it")
