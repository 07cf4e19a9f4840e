"""podium execute: run generations in the sandbox, one verdict a sample."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from podium.cli.console import build_report
from podium.cli.options import FILE, data_dir_option, unsafe_option
from podium.cli.working import working_on_file
from podium.errors import RecordError
from podium.execute import ExecuteOptions, execute
from podium.execute.sandbox import Sandbox, UnsafeSandbox
from podium.files import parse_json, read_bytes, sha256_bytes
from podium.ledger import forget_steps
from podium.run_directory import run_of_verdicts
from podium.tasks import load_task


def build_sandbox(unsafe_no_sandbox: bool) -> Sandbox:
    """Isolation, unless it was given up in so many words."""
    return UnsafeSandbox() if unsafe_no_sandbox else Sandbox()


def read_generations(path: Path) -> tuple[list[list[str]], str]:
    """Read a generations file of the harness: a list of texts a problem. Returns it with the file's digest."""
    data = read_bytes(path)
    value = parse_json(data, str(path))
    if not isinstance(value, list) or not all(isinstance(samples, list) for samples in value):
        message = f"{path} is no list of lists of texts"
        raise RecordError(message, hint="pass generations_<task>_<model>.json as podium generate or the harness writes")
    for problem, samples in enumerate(value):
        for index, text in enumerate(samples):
            if not isinstance(text, str):
                message = f"{path}: $[{problem}][{index}] is {type(text).__name__}, not a text"
                raise RecordError(message, hint=f"podium validate {path}")
    return value, sha256_bytes(data)


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
    help="Programs run at once; without it one a core, and more into idle cores.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first LIMIT problems.")
@data_dir_option
@unsafe_option
def command(
    generations: Path,
    task: str,
    output: Path,
    mode: Literal["parity", "corrected"],
    workers: int | None,
    limit: int | None,
    data_dir: Path | None,
    unsafe_no_sandbox: bool,
) -> None:
    """Run every text of GENERATIONS with its problem's tests. Killed anywhere, run again, it continues."""
    options = ExecuteOptions(mode=mode, workers=workers)
    loaded = load_task(task, data_dir, limit)
    texts, sha256 = read_generations(generations)
    with working_on_file(output), build_sandbox(unsafe_no_sandbox) as sandbox:
        execute(options, loaded, texts[:limit], sha256, sandbox, output, build_report())
        if run_dir := run_of_verdicts(output):
            forget_steps(run_dir, f"execute {task}")
    click.echo(output)
