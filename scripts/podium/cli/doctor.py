"""podium doctor: what this machine gives, before hours of work are put on it."""

from __future__ import annotations

import click

from podium.cli.execute import build_sandbox
from podium.cli.roots import root_option, roots_here
from podium.cli.wanted import wanted_lists, wanted_options
from podium.doctor import check_languages, check_provisions, check_sandbox
from podium.errors import SandboxUnavailableError
from podium.execute.sandbox import UNAVAILABLE_HINT
from podium.files import canonical_json
from podium.records import Diagnosis, to_builtins


@click.command()
@wanted_options
@root_option
@click.option("--json", "as_json", is_flag=True, help="The record on standard output instead of a list.")
def command(languages: str, tasks: str, root: tuple[str, ...], as_json: bool) -> None:
    """Try every layer of the sandbox, every toolchain and what programs may use beside it.

    Exit code 7 when something necessary is missing.
    """
    lists = wanted_lists(languages, tasks)
    with build_sandbox(unsafe_no_sandbox=False, roots=roots_here(root)) as sandbox:
        checks = list(check_sandbox(sandbox))
        if checks[0].ok:
            checks += check_languages(sandbox, lists)
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
