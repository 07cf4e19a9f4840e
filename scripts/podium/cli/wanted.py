"""Which languages a command is about: those that were named, those of named tasks, or those of podium.toml."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from podium.cli.options import split_names
from podium.config import FILE_NAME, read_config
from podium.execute.languages import LANGUAGES
from podium.names import check_name
from podium.profiles import profile_named
from podium.tasks import known_tasks

if TYPE_CHECKING:
    from podium.cli.options import F


def wanted_options(command: F) -> F:
    """`--languages` and `--tasks`."""
    options = (
        click.option("--languages", default="", help="Only these toolchains, by short name (py,sh), comma-separated."),
        click.option("--tasks", default="", help="Only what these tasks need; podium.toml's, else all, without both."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def wanted_lists(languages: str, tasks: str) -> dict[str, str]:
    """The lists of provisions to look at, each with its programs' language. Raises UnknownNameError and ConfigError."""
    named, chosen = split_names(languages), split_names(tasks)
    if not named and not chosen:
        chosen = _configured()
    return needed(named, chosen)


def needed(languages: tuple[str, ...], tasks: tuple[str, ...]) -> dict[str, str]:
    """The lists that tasks need; without tasks, those of all tasks in the languages, or in any that can be executed."""
    sources = known_tasks()
    for name in languages:
        check_name("language", name, LANGUAGES)
    chosen = [sources[check_name("task", name, sources)] for name in tasks]
    chosen += [source for source in sources.values() if source.language in (languages or (() if tasks else LANGUAGES))]
    return {source.provisions or source.language: source.language for source in chosen if source.language in LANGUAGES}


def _configured() -> tuple[str, ...]:
    """The tasks of the podium.toml in the working directory, or of the board that it names."""
    path = Path(FILE_NAME)
    if not path.is_file():
        return ()
    evaluation = read_config(path).evaluation
    return tuple(evaluation.tasks) or tuple(sorted(profile_named(evaluation.profile).problems))
