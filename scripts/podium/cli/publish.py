"""podium publish: send the approved submission to the Space, and nothing but what was approved."""

from __future__ import annotations

import os
from pathlib import Path

import click

from podium.cli.options import FOLDER, config_option
from podium.cli.submit import SubmitOptions, run_command


@click.command()
@click.argument("run_dir", type=FOLDER, envvar="PODIUM_PUBLISH_RUN_DIR")
@click.option("--space", default="", help="OWNER/NAME of the Space, instead of podium.toml's.")
@click.option("--fork", default="", help="OWNER/REPO of the leaderboard fork, instead of podium.toml's.")
@click.option("--plan-only", is_flag=True, help="Print what would be sent and what would become of it; send nothing.")
@config_option
def command(run_dir: Path, space: str, fork: str, plan_only: bool, config: Path) -> int:
    """Bring the submission that reviewers approved in the fork to the Space. Run again, nothing is sent twice.

    The tokens come from HF_TOKEN, and PODIUM_FORK_TOKEN, else GITHUB_TOKEN. Prints the receipt.
    """
    options = SubmitOptions(run_dir=run_dir, board="space", space=space, fork=fork, plan_only=plan_only, config=config)
    return run_command(options, dict(os.environ))
