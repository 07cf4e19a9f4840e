"""podium publish: send the approved submission to the Space, and nothing but what was approved."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from podium.cli.options import FOLDER, config_option, sending_options
from podium.cli.submit import SubmitOptions, run_command


@click.command()
@click.argument("run_dir", type=FOLDER, envvar="PODIUM_PUBLISH_RUN_DIR")
@click.option("--space", default="", help="OWNER/NAME of the Space, instead of podium.toml's.")
@click.option("--fork", default="", help="OWNER/REPO of the leaderboard fork, instead of podium.toml's.")
@click.option(
    "--eval-results/--no-eval-results",
    default=None,
    help="Bring the scores to the model's own repository on the Hub as well, or not, instead of podium.toml's.",
)
@sending_options
@config_option
def command(run_dir: Path, **given: Any) -> int:
    """Bring the submission that reviewers approved in the fork to the Space. Run again, nothing is sent twice.

    The tokens come from HF_TOKEN, and PODIUM_FORK_TOKEN, else GITHUB_TOKEN. Prints the receipt; with --eval-results
    (or `eval_results = true` below [publish]) two, the second for the pull request in the model's repository.
    """
    return run_command(SubmitOptions(run_dir=run_dir, board="space", **given), dict(os.environ))
