"""podium doctor: what this machine gives, before hours of work are put on it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from podium.cli.execute import build_sandbox
from podium.cli.options import config_option
from podium.cli.roots import root_option, roots_here
from podium.cli.wanted import wanted_lists, wanted_options
from podium.config import read_config
from podium.doctor import check_languages, check_provisions, check_sandbox
from podium.errors import BoardError, SandboxUnavailableError
from podium.execute.sandbox import UNAVAILABLE_HINT
from podium.files import canonical_json
from podium.github import build_github
from podium.records import Diagnosis, to_builtins

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from podium.records import Check


@click.command()
@wanted_options
@root_option
@click.option("--github", is_flag=True, help="Ask GitHub too: the fork, its labels and reviewers, and the runners.")
@click.option("--tag", default="", help="With --github, a release that is to be submitted.")
@click.option(
    "--repository",
    default="",
    envvar="GITHUB_REPOSITORY",
    help="With --github, OWNER/REPO of the repository whose workflows run; default: GITHUB_REPOSITORY.",
)
@config_option
@click.option("--json", "as_json", is_flag=True, help="The record on standard output instead of a list.")
def command(
    languages: str,
    tasks: str,
    root: tuple[str, ...],
    github: bool,
    tag: str,
    repository: str,
    config: Path,
    as_json: bool,
) -> None:
    """Try every layer of the sandbox, every toolchain and what programs may use beside it.

    With --github, look at everything that podium.toml names there as well; the token comes from PODIUM_FORK_TOKEN,
    else GITHUB_TOKEN. Exit code 7 when something necessary is missing here, 9 when only something on GitHub is.
    """
    lists = wanted_lists(languages, tasks)
    asked = list(_ask_github(config, tag, repository)) if github else []
    with build_sandbox(unsafe_no_sandbox=False, roots=roots_here(root)) as sandbox:
        checks = list(check_sandbox(sandbox))
        if checks[0].ok:
            checks += check_languages(sandbox, lists)
            checks += check_provisions(sandbox, lists)
    checks += asked
    if as_json:
        click.echo(canonical_json(to_builtins(Diagnosis(checks=checks)), indent=1), nl=False)
    else:
        for check in checks:
            click.echo(f"{'ok ' if check.ok else 'NO '} {check.name}: {check.saw}")
    failed = [check.name for check in checks[: len(checks) - len(asked)] if not check.ok]
    hint = UNAVAILABLE_HINT if "sandbox" in failed else "repair what is named, then ask again"
    if failed:
        message = f"not on this machine: {', '.join(failed)}"
        raise SandboxUnavailableError(message, hint=hint)
    if missing := [check.name for check in asked if not check.ok]:
        message = f"not on GitHub: {', '.join(missing)}"
        raise BoardError(message, hint="mend what is named as it says there, then ask again")


def _ask_github(path: Path, tag: str, repository: str) -> Iterator[Check]:
    """What podium.toml names on GitHub, each thing with what was seen. Raises ConfigError, TokenError."""
    from podium.boards.fork.inspection import Inspection
    from podium.doctor.github import check_github
    from podium.plan.refusals import Surroundings, refuse_early

    config = read_config(path)
    refuse_early(config, Surroundings(tag=tag))
    client = build_github(os.environ)
    home = Inspection(client, repository) if repository else None
    yield from check_github(config, Inspection(client, config.submit.fork), home, tag)
