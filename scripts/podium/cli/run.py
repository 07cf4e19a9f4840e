"""podium run: all stages in one process, from checkpoint to pull request body."""

from __future__ import annotations

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podium.cli.calling import as_called
from podium.cli.console import build_progress
from podium.cli.execute import build_sandbox
from podium.cli.generate import BackendInputs, build_backend, harness_options
from podium.cli.options import FOLDER, discard_option, unsafe_option
from podium.cli.plan import build_plan_options, planning_options
from podium.cli.remedies import remedies_in_config
from podium.cli.roots import roots_of
from podium.cli.table import print_scores
from podium.cli.working import command_line, command_words, without_option, working_in
from podium.config import FILE_NAME, read_config
from podium.generations import check_files
from podium.pipeline import RunOptions, Tools, run
from podium.plan import TRYOUT_TAG, plan
from podium.plan.costs import TOTALS, tell_costs
from podium.plan.standing import Ways, free_beside, settle
from podium.records import Scores, read_record
from podium.run_directory import SCORES

if TYPE_CHECKING:
    from podium.records import Plan

CHOOSING = f'set backend = "{{}}" under [evaluation] in {FILE_NAME}'


@click.command()
@planning_options
@click.option("--run-dir", type=FOLDER, help="Where everything goes; default: runs/<tag>.")
@click.option("--workers", type=click.IntRange(min=1), help="Programs run at once; default: chosen by the machine.")
@click.option("--generations", type=FOLDER, help="A folder with one generations file per task, for backend replay.")
@discard_option
@harness_options
@unsafe_option
def command(
    config: Path,
    run_dir: Path | None,
    workers: int | None,
    generations: Path | None,
    discard: bool,
    harness: Path | None,
    harness_python: str | None,
    root: tuple[str, ...],
    unsafe_no_sandbox: bool,
    **asked: Any,
) -> None:
    """Plan, convert, generate, execute, score, validate, report. Killed anywhere, run again, it continues.

    Finished samples are kept: a run with other inputs is refused, with the command that runs it beside them.
    """
    planned, loaded = build_plan_options(config, read_config(config), **asked)
    roots = roots_of(root, loaded, config.parent)
    inputs = BackendInputs(generations=generations, harness=harness, harness_python=harness_python)
    inputs.for_backend(loaded.evaluation.backend, CHOOSING)  # what is missing is told before any work
    with remedies_in_config():
        record = plan(planned, loaded)
    if generations:
        check_files(generations, [task.task for task in record.tasks])
    for line in tell_costs(record)[:TOTALS]:
        click.echo(f"run: {line}", err=True)
    wanted = run_dir or Path("runs") / (planned.tag or TRYOUT_TAG)
    folder = wanted if discard else settle(wanted, record)
    if folder != wanted:
        click.echo(f"run: {wanted} holds other work; this run goes on in {folder}", err=True)
    ways = _ways(folder, wanted)
    options = RunOptions(
        plan=planned, run_dir=folder, workers=workers, generations=generations, discard=discard, ways=ways
    )
    with working_in(folder, is_new=True), build_sandbox(unsafe_no_sandbox, roots) as sandbox:
        tools = Tools(build_backend=partial(build_backend, inputs=inputs), sandbox=sandbox)
        with remedies_in_config():
            _, done = run(options, loaded, tools, build_progress(), record)
        _say(folder, record, done)


def _ways(folder: Path, wanted: Path) -> Ways:
    words = without_option(command_words(), "--run-dir")
    here = shlex.join([*words, "--run-dir", str(folder), "--discard"])
    return Ways(
        beside=shlex.join([*words, "--run-dir", str(free_beside(folder))]),
        discard=command_line("--discard") if folder == wanted else here,
    )


def _say(run_dir: Path, record: Plan, done: int) -> None:
    if not done:
        click.echo(f"run: nothing to do, every step of {run_dir} is finished and untouched", err=True)
    print_scores(read_record(run_dir / SCORES, Scores), record.release.tag, sys.stderr)
    if record.partial:
        click.echo(f"run: not a submission: {'; '.join(record.partial)}", err=True)
    else:
        click.echo(as_called(f"run: next: podium submit {run_dir}"), err=True)
    click.echo(run_dir)
