"""Options that several commands share, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from podium.config import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")

FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)
PATH = click.Path(path_type=Path)


def data_dir_option(command: F) -> F:
    """`--data-dir`, else PODIUM_DATA, else the Hub."""
    return click.option(
        "--data-dir",
        type=FOLDER,
        envvar="PODIUM_DATA",
        help="Folder with the tasks' data; default: the Hub at a pinned revision. [env: PODIUM_DATA]",
    )(command)


def config_option(command: F) -> F:
    """`--config podium.toml`."""
    return click.option(
        "--config", type=FILE, default=Path(FILE_NAME), show_default=True, help="The model's podium.toml."
    )(command)


def sending_options(command: F) -> F:
    """What `submit` and `publish` share: planning, applying a plan, taking back, going back to an older release."""
    options = (
        click.option("--plan-only", is_flag=True, help="Print what would be sent and become of it; send nothing."),
        click.option("-o", "--output", type=FILE, help="Write the plan of --plan-only to this file as well."),
        click.option("--plan", type=FILE, help="Do exactly what this plan says; refuse if the board has moved since."),
        click.option("--withdraw", is_flag=True, help="Close the open pull request of this model instead."),
        click.option("--force", is_flag=True, help="Let an older release take the place of a newer one."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def discard_option(command: F) -> F:
    """`--discard`."""
    return click.option(
        "--discard",
        is_flag=True,
        help="Move samples that this command cannot use aside (*.stale) instead of refusing to go on.",
    )(command)


def unsafe_option(command: F) -> F:
    """`--unsafe-no-sandbox`."""
    return click.option(
        "--unsafe-no-sandbox",
        is_flag=True,
        help="Run programs without isolation, and say so in the evidence. Only on a machine you can lose.",
    )(command)


def split_names(text: str) -> tuple[str, ...]:
    """`humaneval,multiple-lua` as names, blanks and empty parts dropped."""
    return tuple(name for part in text.split(",") if (name := part.strip()))
