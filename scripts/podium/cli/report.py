"""podium report: gates, report page, submission folder and pull request body of a run."""

from __future__ import annotations

from pathlib import Path

import click

from podium.cli.options import FOLDER
from podium.report import report


@click.command()
@click.argument("run_dir", type=FOLDER, envvar="PODIUM_REPORT_RUN_DIR")
def command(run_dir: Path) -> None:
    """Write gates.json, report/index.html, submission/ and pr_body.md of RUN_DIR."""
    report(run_dir)
    click.echo(run_dir / "pr_body.md")
