"""podium execute: run generations in the sandbox, one verdict a sample."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from podium.cli.console import build_progress
from podium.cli.options import FILE, data_dir_option, unsafe_option
from podium.cli.roots import root_option, roots_here, roots_of_lists
from podium.cli.working import working_on_file
from podium.errors import UsageError
from podium.execute import ExecuteOptions
from podium.execute.languages import toolchain_folders
from podium.execute.sandbox import Sandbox, UnsafeSandbox
from podium.execute.step import execute_step
from podium.ledger import do_alone
from podium.run_directory import run_of_verdicts
from podium.step import task_at_hand
from podium.tasks import load_task

if TYPE_CHECKING:
    from collections.abc import Mapping


def build_sandbox(unsafe_no_sandbox: bool, roots: Mapping[str, Path] | None = None) -> Sandbox:
    """Isolation, unless it was given up in so many words; `roots` are those of languages. Raises UsageError."""
    if unsafe_no_sandbox and roots:
        message = f"without the sandbox nothing can show programs another root ({', '.join(sorted(roots))})"
        raise UsageError(message, hint="leave out --unsafe-no-sandbox, or the root")
    return UnsafeSandbox() if unsafe_no_sandbox else Sandbox(toolchain_folders(), roots=roots_of_lists(roots or {}))


@click.command()
@click.argument("generations", type=FILE, envvar="PODIUM_EXECUTE_GENERATIONS")
@click.option("--task", required=True, help="The task that the generations are of, for example humaneval.")
@click.option("-o", "--output", type=FILE, required=True, help="The verdicts, a JSONL file; continued if it is there.")
@click.option(
    "--mode",
    type=click.Choice(["parity", "corrected"]),
    default="parity",
    show_default=True,
    help="parity: the harness's verdicts with its defects, what is submitted.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Programs run at once; default: one per core, more while cores are idle.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first LIMIT problems.")
@data_dir_option
@root_option
@unsafe_option
def command(
    generations: Path,
    task: str,
    output: Path,
    mode: Literal["parity", "corrected"],
    workers: int | None,
    limit: int | None,
    data_dir: Path | None,
    root: tuple[str, ...],
    unsafe_no_sandbox: bool,
) -> None:
    """Run every text of GENERATIONS with its problem's tests. Killed anywhere, run again, it continues."""
    options = ExecuteOptions(mode=mode, workers=workers)
    loaded = task_at_hand(load_task(task, data_dir, limit))
    progress = build_progress()
    with working_on_file(output), build_sandbox(unsafe_no_sandbox, roots_here(root)) as sandbox:
        step = execute_step(options, loaded, generations, output, sandbox, progress, limit=limit)
        do_alone(run_of_verdicts(output) or output.parent, step, progress)
    click.echo(output)
