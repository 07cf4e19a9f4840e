"""podium toolchains: what each language needs on this machine, and the command that installs it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from podium.cli.roots import root_option, roots_here, roots_of_lists
from podium.cli.wanted import wanted_lists, wanted_options
from podium.errors import NotInstalledError, UsageError
from podium.execute.languages import language_named
from podium.execute.provisions import provisions_named
from podium.execute.provisions.machine import Machine, describe_root, machine_in
from podium.execute.toolchains import read_table, this_distribution, toolchain_of
from podium.execute.toolchains.missing import APT, Missing, find_missing
from podium.files import canonical_json

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("language", "package", "here", "board's image", "modules", "compile", "run", "state")


@click.group(invoke_without_command=True)
@wanted_options
@root_option
@click.option("--json", "as_json", is_flag=True, help="The rows on standard output instead of a table.")
@click.pass_context
def command(context: click.Context, languages: str, tasks: str, root: tuple[str, ...], as_json: bool) -> None:
    """Show what each language is compiled and run by, and what of it this machine has.

    Files are looked for, nothing is started: `podium doctor` tries the toolchains.
    """
    if context.invoked_subcommand:
        return
    roots = roots_of_lists(roots_here(root))
    rows = [_row(provisions, language, roots) for provisions, language in wanted_lists(languages, tasks).items()]
    if as_json:
        click.echo(canonical_json(rows, indent=1), nl=False)
        return
    here = read_table().distributions.get(this_distribution())
    how = "tried" if here and here.tried else "untried"
    click.echo(f"toolchains: {here.name}, {how}" if here else "toolchains: a distribution not in the table", err=True)
    table = Table()
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(row[column] for column in COLUMNS))
    Console(width=None if os.isatty(1) else 200).print(table)


@command.command()
@wanted_options
@root_option
@click.option("--yes", is_flag=True, help="Run the command, as root or by sudo, instead of printing it.")
def install(languages: str, tasks: str, root: tuple[str, ...], yes: bool) -> None:
    """Print the command that installs what is missing, a root file system by mmdebstrap where there is no package."""
    roots = roots_of_lists(roots_here(root))
    missing = Missing()
    for name in wanted_lists(languages, tasks):
        missing |= find_missing(provisions_named(name), _machine(name, roots))
    if not missing.commands():
        click.echo("toolchains: all that these languages need is installed; podium doctor tries it", err=True)
        return
    click.echo(str(missing))
    if yes:
        _run(missing.commands())


def _row(provisions: str, language: str, roots: dict[str, Path]) -> dict[str, str]:
    listed, toolchain = provisions_named(provisions), toolchain_of(provisions)
    missing = find_missing(listed, _machine(provisions, roots))
    package = toolchain.package if toolchain else ""
    image = listed.commands[package].image if package in listed.commands else ""
    steps = {step.name: shlex.join(step.command) for step in language_named(language).prepare(b"", "parity").steps}
    return {
        "language": language if provisions == language else f"{language} ({provisions})",
        "package": package,
        "here": toolchain.versions.get(this_distribution(), "no package") if toolchain else "",
        "board's image": image,
        "modules": ", ".join(toolchain.modules) if toolchain else "",
        "compile": steps.get("compile", ""),
        "run": steps["run"],
        "state": f"not installed: {missing}" if missing.commands() else describe_root(roots.get(provisions)) or "here",
    }


def _machine(provisions: str, roots: dict[str, Path]) -> Machine:
    return machine_in(roots[provisions]) if provisions in roots else Machine()


def _run(commands: list[list[str]]) -> None:
    """Install, package lists first. Raises UsageError and NotInstalledError."""
    if not APT.exists():
        message = "there is no apt-get on this machine"
        raise UsageError(message, hint="install what is named with this distribution's own tool")
    elevate = [] if os.geteuid() == 0 else [shutil.which("sudo") or "", "-n"]
    if elevate and not elevate[0]:
        message = "only root can install packages, and there is no sudo"
        raise UsageError(message, hint="run the printed command as root")
    environment: dict[str, Any] = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in [["apt-get", "update"], *commands]:
        done = subprocess.run([*elevate, *words], env=environment, check=False, stdout=2)
        if done.returncode:
            message = f"`{shlex.join(words)}` ended with exit code {done.returncode}"
            raise NotInstalledError(message, hint="look at its own message above, then run the same command again")
