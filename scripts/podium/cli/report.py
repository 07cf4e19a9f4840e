"""podium report: gates, report page, submission folder and pull request body of a run."""

from __future__ import annotations

from pathlib import Path

import click

from podium.cli.console import build_progress
from podium.cli.options import FOLDER
from podium.cli.working import working_in
from podium.ledger import do_alone
from podium.report.step import report_step
from podium.run_directory import BODY, PAGE


@click.command()
@click.argument("run_dir", type=FOLDER, envvar="PODIUM_REPORT_RUN_DIR")
def command(run_dir: Path) -> None:
    """Write gates.json, report/index.html, submission/ and pr_body.md of RUN_DIR.

    A run of tasks that no board has a column for gets the first two alone.
    """
    with working_in(run_dir):
        submission = do_alone(run_dir, report_step(run_dir), build_progress())
    click.echo(run_dir / (PAGE if submission is None else BODY))
