"""podium init: podium.toml and the caller workflow for a model repository."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click
import msgspec

from podium.cli.options import FOLDER
from podium.config import FILE_NAME, read_config
from podium.errors import UsageError
from podium.files import write_atomic
from podium.records import ModelName
from podium.sources import kind_of

WORKFLOW = Path(".github/workflows/podium.yml")
PUSHED = '  push:\n    tags: ["v*", "**/v*"]\n'
# Assets are there only when the release is published, which is after its tag was pushed.
PUBLISHED = "  release:\n    types: [published]\n"


@click.command()
@click.option("--org", required=True, help="Organisation of the model, as in org/model.")
@click.option("--model", required=True, help="Name of the model, as in org/model.")
@click.option("--user", required=True, help="Hugging Face name of the submitter.")
@click.option("--checkpoint", default="checkpoints/{tag}", show_default=True, help="Address of a release's checkpoint.")
@click.option("--fork", help="OWNER/REPO of your GitHub fork of the leaderboard.")
@click.option(
    "--podium",
    default="paiml/podium@main",
    show_default=True,
    help="OWNER/REPO@COMMIT of podium for the workflow; pin a full commit before you rely on it.",
)
@click.option("--dir", "folder", type=FOLDER, default=Path(), help="The model repository; default: the current folder.")
@click.option("--print", "only_print", is_flag=True, help="Print podium.toml and write nothing.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
def command(
    org: str,
    model: str,
    user: str,
    checkpoint: str,
    fork: str | None,
    podium: str,
    folder: Path,
    only_print: bool,
    force: bool,
) -> None:
    """Write podium.toml and .github/workflows/podium.yml."""
    _check_names(org, model, user)
    kind_of(checkpoint)
    repository, _, reference = podium.partition("@")
    values = {
        "org": org,
        "model": model,
        "user": user,
        "checkpoint": checkpoint,
        "fork": fork or f"{org.lower()}/bigcode-models-leaderboard",
        "podium": f"{repository}/.github/workflows/release.yml@{reference or 'main'}",
    }
    if only_print:
        click.echo(_fill(FILE_NAME, values), nl=False)
        return
    workflow = _fill("podium.yml", values)
    if checkpoint.startswith("release:"):
        workflow = workflow.replace(PUSHED, PUBLISHED)
    files = {folder / FILE_NAME: _fill(FILE_NAME, values), folder / WORKFLOW: workflow}
    there = [str(path) for path in files if path.exists()]
    if there and not force:
        message = f"there already: {', '.join(there)}"
        raise UsageError(message, hint="--force replaces it, --print shows what would be written")
    for path, text in files.items():
        write_atomic(path, text.encode())
        click.echo(path)
    read_config(folder / FILE_NAME)


def _check_names(org: str, model: str, user: str) -> None:
    try:
        msgspec.convert({"org": org, "model": model, "user": user}, ModelName)
    except msgspec.ValidationError as err:
        message = f"these names cannot become a folder name: {err}"
        raise UsageError(
            message, hint="letters, digits, dot, dash and underscore; --org PAIML --model ALBOR350M"
        ) from err


def _fill(name: str, values: dict[str, str]) -> str:
    text = resources.files("podium.cli").joinpath("templates").joinpath(name).read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text
