"""podium upload: the evaluated model to its repository on the Hub."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from podium.cli.options import FOLDER, config_option
from podium.cli.working import working_in
from podium.config import read_config
from podium.errors import UsageError
from podium.hub import build_hub
from podium.upload import upload
from podium.workflow_commands import write_outputs

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")


@click.command()
@click.argument("run_dir", type=FOLDER, envvar="PODIUM_UPLOAD_RUN_DIR")
@click.option("--model", help="ORG/NAME on the Hub; default: `model` below [publish] in podium.toml.")
@config_option
def command(run_dir: Path, model: str | None, config: Path) -> None:
    """Upload the model of RUN_DIR, a release whose checks and gates passed, in one commit under the release's tag.

    Again, it is `unchanged`. Files that are no model's stay as they are there.
    """
    name = model or read_config(config).publish.model
    if not NAME.fullmatch(name):
        message = f"{name!r} is no repository on the Hub" if name else "no repository on the Hub was named"
        raise UsageError(message, hint='pass --model ORG/NAME, or write model = "ORG/NAME" below [publish]')
    with working_in(run_dir):
        receipt = upload(run_dir, name, build_hub(os.environ, name))
    write_outputs(os.environ, {"outcome": receipt.outcome, "url": receipt.url})
    click.echo(f"upload: {receipt.outcome}: {receipt.url}", err=True)
    click.echo(receipt.url)
