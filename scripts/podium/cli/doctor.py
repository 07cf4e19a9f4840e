"""podium doctor: what this machine gives, before hours of work are put on it."""

from __future__ import annotations

import click

from podium.cli.options import split_names
from podium.doctor import check_languages, check_provisions, check_sandbox
from podium.errors import SandboxUnavailableError
from podium.execute.sandbox import UNAVAILABLE_HINT, Sandbox
from podium.files import canonical_json
from podium.records import Diagnosis, to_builtins


@click.command()
@click.option("--languages", default="", help="Only these toolchains, by short name (py,sh); all without it.")
@click.option("--json", "as_json", is_flag=True, help="The record on standard output instead of a list.")
def command(languages: str, as_json: bool) -> None:
    """Try every layer of the sandbox, every toolchain and what programs may use beside it.

    Exit code 7 when something necessary is missing.
    """
    with Sandbox() as sandbox:
        checks = list(check_sandbox(sandbox))
        if checks[0].ok:
            checks += check_languages(sandbox, split_names(languages))
            checks += check_provisions(sandbox, split_names(languages))
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
