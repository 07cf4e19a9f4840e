"""podium plan: decide a whole run and write plan.json, or print the matrix of its jobs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podium.cli.options import FILE, FOLDER, config_option, data_dir_option, split_names
from podium.config import read_config
from podium.errors import UsageError
from podium.files import canonical_json
from podium.github import write_outputs
from podium.plan import PlanOptions, matrix, plan
from podium.records import write_record

if TYPE_CHECKING:
    from podium.config import Config
    from podium.records import Plan


def build_plan_options(
    config_path: Path, config: Config, tag: str | None, checkpoint: Path | None, **rest: object
) -> PlanOptions:
    """Find the checkpoint: the one named, else the release's, else (without a tag) the tryout's."""
    root = config_path.resolve().parent
    if checkpoint is None and tag:
        checkpoint = root / config.model.checkpoint.replace("{tag}", tag)
    elif checkpoint is None and config.model.tryout:
        checkpoint = root / config.model.tryout
    if checkpoint is None:
        message = "neither a release tag nor a checkpoint was named"
        raise UsageError(message, hint="pass --tag v1.0.0 for a release, or --checkpoint FOLDER to try one out")
    return PlanOptions(tag=tag or "", checkpoint=checkpoint, **rest)  # type: ignore[arg-type]


@click.command()
@click.option("--tag", help="The release; without one the run is a tryout and never submitted.")
@click.option("--commit", default="", help="The commit that the tag names.")
@click.option("--checkpoint", type=FOLDER, help="The checkpoint's folder; podium.toml says where without it.")
@click.option("-o", "--output", type=FILE, default=Path("plan.json"), show_default=True)
@click.option("--tasks", default="", help="Comma-separated; the board's tasks without it.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first LIMIT problems of each task.")
@click.option("--n-samples", type=click.IntRange(min=1), help="The board's protocol without it.")
@click.option("--matrix", "as_matrix", is_flag=True, help="Print the GitHub matrices as JSON.")
@config_option
@data_dir_option
def command(
    tag: str | None,
    commit: str,
    checkpoint: Path | None,
    output: Path,
    tasks: str,
    limit: int | None,
    n_samples: int | None,
    as_matrix: bool,
    config: Path,
    data_dir: Path | None,
) -> None:
    """Write plan.json: every task, its problems and digests, every job and where it runs."""
    loaded = read_config(config)
    options = build_plan_options(
        config,
        loaded,
        tag,
        checkpoint,
        commit=commit,
        data_dir=data_dir,
        tasks=split_names(tasks),
        limit=limit,
        n_samples=n_samples,
    )
    record = plan(options, loaded)
    write_record(output, record)
    for reason in record.partial:
        click.echo(f"plan: not a submission: {reason}", err=True)
    matrices = {stage: canonical_json(matrix(record, stage)).decode() for stage in ("generate", "execute")}
    write_outputs(os.environ, {**matrices, **_facts(record), "checkpoint": os.path.relpath(options.checkpoint)})
    click.echo(f'{{"execute":{matrices["execute"]},"generate":{matrices["generate"]}}}' if as_matrix else output)


def _facts(record: Plan) -> dict[str, str]:
    """What later jobs of a workflow need to know without reading plan.json."""
    return {
        "model": record.release.model.model,
        "dtype": record.dtype,
        "folder": record.release.model.folder,
        "submittable": "false" if record.partial else "true",
    }
