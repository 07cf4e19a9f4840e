"""podium validate: record files, run directories and submissions, from us or from strangers."""

from __future__ import annotations

import os
from pathlib import Path

import click

from podium.cli.options import FILE
from podium.errors import UsageError
from podium.records import write_record
from podium.validate import placed, validate
from podium.validate.reporters import REPORTERS, markdown_lines, reporter_named, summary
from podium.workflow_commands import write_summary

ERRORS, WARNINGS = 1, 3


@click.command()
@click.argument(
    "paths",
    type=click.Path(path_type=Path, exists=True),
    nargs=-1,
    envvar="PODIUM_VALIDATE_PATHS",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(list(REPORTERS)),
    default="text",
    show_default=True,
    show_envvar=True,
    envvar="PODIUM_VALIDATE_FORMAT",
    help="text for people, json for programs, github for annotations in a pull request.",
)
@click.option("-o", "--output", type=FILE, help="Write the findings record there as well, whatever the format.")
@click.option("--lenient", is_flag=True, help="Exit with 0 when there are warnings alone.")
@click.option("--explain", metavar="RULE", help="Print what a rule demands, why, and an example; check nothing.")
def command(
    paths: tuple[Path, ...], output_format: str, output: Path | None, lenient: bool, explain: str | None
) -> int:
    """Check PATHS: files, run directories (with a plan.json), submissions, or folders of them.

    Findings go to stdout, a summary to stderr. Exit status: 0 nothing found, 1 errors, 2 wrong usage,
    3 warnings only. Several PATHS in the environment variable PODIUM_VALIDATE_PATHS are separated like
    those of PATH.
    """
    if explain is not None:
        from podium.validate.rules.catalogue import explain as explained

        click.echo(explained(explain))
        return 0
    if not paths:
        message = "nothing to check was named"
        raise UsageError(message, hint="podium validate PATH..., or podium validate --explain RULE")
    found = validate(paths)
    if output is not None:
        write_record(output, found)
    for line in reporter_named(output_format)(placed(found, paths)):
        click.echo(line)
    click.echo(f"podium validate: {summary(found)}", err=True)
    write_summary(dict(os.environ), "\n".join(markdown_lines(placed(found, paths))))
    if any(finding.severity == "error" for finding in found.findings):
        return ERRORS
    return WARNINGS if found.findings and not lenient else 0
