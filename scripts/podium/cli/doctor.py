"""podium doctor: what this machine gives, before hours of work are put on it."""

from __future__ import annotations

import click

from podium.cli.execute import build_sandbox
from podium.cli.options import split_names
from podium.doctor import check_languages, check_provisions, check_sandbox
from podium.errors import SandboxUnavailableError
from podium.execute.languages import LANGUAGES
from podium.execute.sandbox import UNAVAILABLE_HINT
from podium.files import canonical_json
from podium.names import check_name
from podium.records import Diagnosis, to_builtins
from podium.tasks import known_tasks


def needed(languages: tuple[str, ...], tasks: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The languages to try, and the lists of what their programs may use. Raises UnknownNameError."""
    sources = known_tasks()
    for name in languages:
        check_name("language", name, LANGUAGES)
    chosen = [sources[check_name("task", name, sources)] for name in tasks] or [
        source for source in sources.values() if source.language in (languages or LANGUAGES)
    ]
    lists = dict.fromkeys(source.provisions or source.language for source in chosen)
    return list(dict.fromkeys(source.language for source in chosen)), list(lists)


@click.command()
@click.option("--languages", default="", help="Only these toolchains, by short name (py,sh); all without it.")
@click.option("--tasks", default="", help="Only what these tasks need, comma-separated.")
@click.option("--json", "as_json", is_flag=True, help="The record on standard output instead of a list.")
def command(languages: str, tasks: str, as_json: bool) -> None:
    """Try every layer of the sandbox, every toolchain and what programs may use beside it.

    Exit code 7 when something necessary is missing.
    """
    wanted, lists = needed(split_names(languages), split_names(tasks))
    with build_sandbox(unsafe_no_sandbox=False) as sandbox:
        checks = list(check_sandbox(sandbox))
        if checks[0].ok:
            checks += check_languages(sandbox, wanted)
            checks += check_provisions(sandbox, lists)
    if as_json:
        click.echo(canonical_json(to_builtins(Diagnosis(checks=checks)), indent=1), nl=False)
    else:
        for check in checks:
            click.echo(f"{'ok ' if check.ok else 'NO '} {check.name}: {check.saw}")
    failed = [check.name for check in checks if not check.ok]
    hint = UNAVAILABLE_HINT if "sandbox" in failed else "repair what is named, then ask again"
    if failed:
        message = f"not on this machine: {', '.join(failed)}"
        raise SandboxUnavailableError(message, hint=hint)
