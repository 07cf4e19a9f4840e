"""podium run: all stages in one process, from checkpoint to pull request body."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podium.cli.console import build_report
from podium.cli.execute import build_sandbox
from podium.cli.generate import build_backend
from podium.cli.options import FOLDER, config_option, data_dir_option, split_names, unsafe_option
from podium.cli.plan import build_plan_options
from podium.cli.table import print_scores
from podium.config import read_config
from podium.pipeline import RunOptions, Tools, run
from podium.plan import TRYOUT_TAG
from podium.records import Scores, read_record

if TYPE_CHECKING:
    from podium.records import Plan


@click.command()
@click.option("--tag", help="The release; without one the run is a tryout and never submitted.")
@click.option("--commit", default="", help="The commit that the tag names.")
@click.option("--checkpoint", type=FOLDER, help="The checkpoint's folder; podium.toml says where without it.")
@click.option("--run-dir", type=FOLDER, help="Where everything goes; runs/<tag> without it.")
@click.option("--tasks", default="", help="Comma-separated; podium.toml's or the board's tasks without it.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first LIMIT problems of each task.")
@click.option("--n-samples", type=click.IntRange(min=1), help="The board's protocol without it.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--workers", type=click.IntRange(min=1), help="Programs run at once; chosen by the machine without it.")
@config_option
@data_dir_option
@unsafe_option
def command(
    tag: str | None,
    commit: str,
    checkpoint: Path | None,
    run_dir: Path | None,
    tasks: str,
    limit: int | None,
    n_samples: int | None,
    seed: int,
    workers: int | None,
    config: Path,
    data_dir: Path | None,
    unsafe_no_sandbox: bool,
) -> None:
    """Plan, convert, generate, execute, score, validate, report. Killed anywhere, run again, it continues."""
    loaded = read_config(config)
    options = RunOptions(
        plan=build_plan_options(
            config,
            loaded,
            tag,
            checkpoint,
            commit=commit,
            data_dir=data_dir,
            tasks=split_names(tasks),
            limit=limit,
            n_samples=n_samples,
            seed=seed,
        ),
        run_dir=run_dir or Path("runs") / (tag or TRYOUT_TAG),
        workers=workers,
    )
    with build_sandbox(unsafe_no_sandbox) as sandbox:
        tools = Tools(build_backend=build_backend, sandbox=sandbox)
        record, done = run(options, loaded, tools, build_report())
    _say(options.run_dir, record, done)


def _say(run_dir: Path, record: Plan, done: int) -> None:
    if not done:
        click.echo(f"run: nothing to do, every step of {run_dir} is finished and untouched", err=True)
    print_scores(read_record(run_dir / "scores.json", Scores), record.release.tag, sys.stderr)
    if record.partial:
        click.echo(f"run: not a submission: {'; '.join(record.partial)}", err=True)
    else:
        click.echo(f"run: next: podium submit {run_dir}", err=True)
    click.echo(run_dir)
