"""The only place that catches: a PodiumError becomes one sentence and its exit code, anything else is our bug."""

from __future__ import annotations

import os
import sys

import click

from podium.cli import cli
from podium.cli.calling import as_called
from podium.errors import PodiumError
from podium.inherited import settle_command

BUG_EXIT_CODE = 70
INTERRUPTED_EXIT_CODE = 130


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with the code of the class of failure."""
    settle_command()
    try:
        words = ["podium", *(sys.argv[1:] if arguments is None else arguments)]
        code = cli.main(arguments, prog_name="podium", standalone_mode=False, obj=words)
        sys.stdout.flush()
    except click.ClickException as err:
        err.show()
        sys.exit(err.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("podium: interrupted; run the same command again to continue", err=True)
        sys.exit(INTERRUPTED_EXIT_CODE)
    except PodiumError as err:
        click.echo(f"podium: error: {err}", err=True)
        if err.hint:
            click.echo(f"  what to do: {as_called(err.hint)}", err=True)
        sys.exit(err.exit_code)
    except Exception as err:
        if os.environ.get("PODIUM_TRACEBACK"):
            raise
        click.echo(f"podium: this is a bug in podium: {type(err).__name__}: {err}", err=True)
        click.echo("  what to do: set PODIUM_TRACEBACK=1, run it again and report the traceback", err=True)
        sys.exit(BUG_EXIT_CODE)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
