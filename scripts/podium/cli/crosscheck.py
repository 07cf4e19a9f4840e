"""podium crosscheck: the official harness judges the generations of a run once more."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from podium.cli.console import build_progress
from podium.cli.options import FOLDER, data_dir_option, split_names, unsafe_option
from podium.cli.working import working_in
from podium.crosscheck import TaskFiles, agreement_of, crosscheck_task, find_harness
from podium.errors import FindingsError, UsageError
from podium.execute.provisions import provisions_named
from podium.execute.provisions.machine import Machine
from podium.execute.sandbox import Sandbox, UnsafeSandbox
from podium.execute.toolchains.missing import find_missing
from podium.protocol import generations_name
from podium.records import Plan, read_record, write_record
from podium.run_directory import CROSSCHECK, PLAN, verdicts_path
from podium.tasks import load_task


def task_files(run_dir: Path, names: tuple[str, ...], data_dir: Path | None) -> list[TaskFiles]:
    """The tasks of a run's plan with their files, or those that were named."""
    plan = read_record(run_dir / PLAN, Plan)
    planned = {task.task: len(task.problems) for task in plan.tasks}
    if unknown := set(names) - planned.keys():
        message = f"{run_dir} has no task {', '.join(sorted(unknown))}"
        raise UsageError(message, hint=f"its tasks are {', '.join(planned)}")
    return [
        TaskFiles(
            task=load_task(name, data_dir, planned[name]),
            generations=run_dir / generations_name(name, plan.release.model.model),
            verdicts=verdicts_path(run_dir, name),
        )
        for name in names or planned
    ]


def check_toolchains(files: list[TaskFiles]) -> None:
    """The harness starts compilers by itself, where it runs: on this machine. Raises UsageError."""
    lacking = {
        file.task.name: missing
        for file in files
        if (missing := find_missing(provisions_named(file.task.provisions_name), Machine())).commands()
    }
    if lacking:
        message = f"the harness cannot judge {', '.join(lacking)}: not installed on this machine itself"
        able = ",".join(file.task.name for file in files if file.task.name not in lacking)
        commands = " && ".join(str(missing) for missing in lacking.values() if not missing.roots)
        rest = f"--tasks {able}" if able else "nothing is left to compare on this machine"
        raise UsageError(message, hint=f"{commands}; or {rest}" if commands else rest)


@click.command()
@click.argument("run_dir", type=FOLDER, envvar="PODIUM_CROSSCHECK_RUN_DIR")
@click.option("--harness", type=FOLDER, required=True, help="A checkout of bigcode-evaluation-harness.")
@click.option(
    "--python",
    default=sys.executable,
    help="The harness's own interpreter, with numpy; default: podium's own interpreter.",
)
@click.option("--tasks", default="", help="Only these tasks of the run, comma-separated.")
@click.option("--workers", type=click.IntRange(min=1), help="Programs the harness runs at once; default: one per core.")
@data_dir_option
@unsafe_option
def command(
    run_dir: Path,
    harness: Path,
    python: str,
    tasks: str,
    workers: int | None,
    data_dir: Path | None,
    unsafe_no_sandbox: bool,
) -> None:
    """Compare the verdicts of RUN_DIR with those of the official harness, and list every difference.

    Writes crosscheck.json there. Exit code 1 when a verdict differs.
    """
    official = find_harness(harness, python)
    files = task_files(run_dir, split_names(tasks), data_dir)
    check_toolchains(files)
    report, count = build_progress(), workers or len(os.sched_getaffinity(0))
    sandboxed = UnsafeSandbox() if unsafe_no_sandbox else Sandbox(official.folders)
    path = run_dir / CROSSCHECK
    with working_in(run_dir), sandboxed as sandbox:
        done = [crosscheck_task(task, official, count, sandbox, report) for task in files]
        record = agreement_of(official, sandbox.facts(), done)
        write_record(path, record)
    click.echo(path)
    differing = sum(task.samples - task.agreeing for task in done)
    if differing:
        message = f"{differing} verdicts differ from the official harness's; {path} lists them"
        raise FindingsError(message, hint="explain each difference before anything is submitted")
