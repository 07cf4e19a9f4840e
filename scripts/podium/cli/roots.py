"""Root file systems that hold toolchains this machine has not: named by --root, or by podium.toml's [toolchains]."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from podium.config import FILE_NAME, read_config
from podium.errors import UsageError
from podium.execute.languages import LANGUAGES
from podium.execute.provisions import provisions_named
from podium.execute.toolchains.missing import ROOTS
from podium.names import check_name
from podium.tasks import known_tasks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from podium.cli.options import F
    from podium.config import Config

SHAPE = "LANGUAGE=FOLDER"


def root_option(command: F) -> F:
    """`--root swift=/opt/swift-5.7`."""
    return click.option(
        "--root",
        multiple=True,
        metavar=SHAPE,
        help="A read-only root file system that holds the toolchain of a language; default: podium.toml's.",
    )(command)


def roots_of(root: tuple[str, ...], config: Config | None, base: Path) -> dict[str, Path]:
    """The root of each language that has one: the option's before podium.toml's, whose paths begin at `base`.

    Those that podium made itself come last. Raises UsageError and UnknownNameError.
    """
    found = {name: ROOTS / name for name in LANGUAGES if (ROOTS / name).is_dir()}
    found |= {name: base / folder for name, folder in (config.toolchains.roots if config else {}).items()}
    for text in root:
        language, separator, folder = text.partition("=")
        if not (separator and language and folder):
            message = f"--root {text!r} is not {SHAPE}"
            raise UsageError(message, hint="pass for example --root swift=/opt/swift-5.7")
        found[language] = Path(folder)
    for language in found:
        check_name("language", language, LANGUAGES)
    return found


def roots_here(root: tuple[str, ...]) -> dict[str, Path]:
    """The same for a command that needs no podium.toml: one in the working directory is read if it is there."""
    path = Path(FILE_NAME)
    return roots_of(root, read_config(path) if path.is_file() else None, Path())


def roots_of_lists(roots: Mapping[str, Path]) -> dict[str, Path]:
    """The root of each list of provisions whose programs are in one of the languages. Raises UsageError."""
    found = {}
    for source in known_tasks().values():
        if source.language in roots:
            provisions = provisions_named(source.provisions or source.language)
            if provisions.python or provisions.distributions:
                message = f"programs in {source.language!r} use podium's own Python, so they cannot have another root"
                raise UsageError(message, hint=f"leave out the root of {source.language!r}")
            found[provisions.name] = roots[source.language]
    return found
