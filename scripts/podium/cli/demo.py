"""podium demo: the whole pipeline offline, on a stand-in board."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podium.cli.calling import as_called
from podium.cli.console import build_progress
from podium.cli.execute import build_sandbox
from podium.cli.generate import build_backend
from podium.cli.options import FOLDER, unsafe_option
from podium.cli.submit import build_clients
from podium.cli.table import print_scores
from podium.cli.working import working_in
from podium.demo.walkthrough import RUN, TAG, walk
from podium.pipeline import Tools
from podium.run_directory import BODY, SUBMISSION_FOLDER

if TYPE_CHECKING:
    from podium.demo.walkthrough import Walk


@click.command()
@click.option("--dir", "folder", type=FOLDER, default=Path("demo"), show_default=True, help="Where everything goes.")
@unsafe_option
def command(folder: Path, unsafe_no_sandbox: bool) -> None:
    """Take a small model from checkpoint to two pull requests, offline, by the code that `podium run` uses."""
    with working_in(folder / RUN, is_new=True), build_sandbox(unsafe_no_sandbox) as sandbox:
        tools = Tools(build_backend=build_backend, sandbox=sandbox)
        result = walk(folder, tools, build_clients, build_progress())
    _say(folder, result)


def _say(folder: Path, walk: Walk) -> None:
    if not walk.steps_done:
        click.echo("demo: nothing to do, every step of the run is finished and untouched", err=True)
    print_scores(walk.scores, TAG, sys.stdout)
    lines = {
        "fork pull request": f"{walk.submitted.url} ({walk.submitted.outcome})",
        "Space pull request": f"{walk.published.url} ({walk.published.outcome})",
        "pull request body": walk.run_dir / BODY,
        "submission folder": walk.run_dir / SUBMISSION_FOLDER,
    }
    for name, value in lines.items():
        click.echo(f"{name:<19} {value}")
    click.echo(as_called(f"To look at them: podium standin --state {folder / 'standin'}"), err=True)
