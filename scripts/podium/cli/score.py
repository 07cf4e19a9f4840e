"""podium score: metrics from verdict files, or all scores of a run directory."""

from __future__ import annotations

from pathlib import Path

import click

from podium.cli.console import build_progress
from podium.cli.options import FILE, FOLDER
from podium.cli.working import working_in
from podium.errors import UsageError
from podium.files import write_atomic
from podium.ledger import do_alone
from podium.records import Plan, read_record
from podium.run_directory import PLAN, SCORES
from podium.score import metrics_of, score_task
from podium.score.step import score_step


@click.command()
@click.argument("verdicts", type=FILE, nargs=-1, envvar="PODIUM_SCORE_VERDICTS")
@click.option("-o", "--output", type=FILE, help="The metrics file of these VERDICTS, in the harness's format.")
@click.option("--run-dir", type=FOLDER, help="Score every task that RUN_DIR/plan.json names, instead of VERDICTS.")
def command(verdicts: tuple[Path, ...], output: Path | None, run_dir: Path | None) -> None:
    """Score VERDICTS files, one per task, or a whole run. Missing samples are an error, never a smaller n.

    With --run-dir, what was made from older scores (findings, gates, report, submission) is removed.
    """
    if run_dir is not None and not verdicts and output is None:
        with working_in(run_dir):
            plan = read_record(run_dir / PLAN, Plan)
            do_alone(run_dir, score_step(run_dir, plan), build_progress())
        click.echo(run_dir / SCORES)
    elif verdicts and output is not None and run_dir is None:
        _score_files(verdicts, output)
        click.echo(output)
    else:
        message = "score takes either VERDICTS with -o METRICS.json, or --run-dir alone"
        raise UsageError(message, hint="podium score runs/v1/verdicts/humaneval.jsonl -o metrics.json")


def _score_files(verdicts: tuple[Path, ...], output: Path) -> None:
    scored = [score_task(path) for path in verdicts]
    config = {"n_samples": scored[0][0].n_samples, "mode": scored[0][0].mode}
    write_atomic(output, metrics_of([task_score for _, task_score in scored], config))
