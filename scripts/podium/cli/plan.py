"""podium plan: decide a whole run and write plan.json, or print the matrix of its jobs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from podium.cli.execute import build_sandbox
from podium.cli.options import FILE, config_option, data_dir_option, split_names
from podium.cli.remedies import remedies_in_config
from podium.cli.roots import root_option, roots_of
from podium.cli.row import told_of_row
from podium.cli.sources import fetch_checkpoint, from_here
from podium.cli.tags import NOT_CHECKED, check_tag, workflow_run
from podium.cli.working import working_on_file
from podium.config import EvaluationSection, RunnersSection, read_config
from podium.errors import UsageError
from podium.execute.provisions.checks import look_at_all
from podium.files import canonical_json
from podium.generate.backends.seam import BACKEND_OPTIONS, BACKENDS
from podium.plan import PlanOptions, plan, provisions_of
from podium.plan.costs import tell_costs
from podium.plan.facts import facts_of
from podium.plan.refusals import Surroundings, held_releases, refuse_early
from podium.records import write_record
from podium.run_directory import PLAN
from podium.sources import FORMS
from podium.sources.packaged import ADDRESS as DEMO
from podium.workflow_commands import write_outputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from podium.cli.options import F
    from podium.config import Config
    from podium.records import Plan

HOSTED = ["ubuntu-latest"]
DEMO_SAMPLES = 2


def planning_options(command: F) -> F:
    """Declare what decides a run, the same for `plan` and `run`."""
    options = (
        click.option("--tag", help="The release; without one the run is a tryout and never submitted."),
        click.option("--commit", default="", help="The commit that the tag names."),
        click.option("--checkpoint", help=f"Where it lies: {FORMS}. podium.toml says it without."),
        click.option("--backend", help=f"Instead of podium.toml's; one of: {', '.join(BACKENDS)}"),
        click.option("--tasks", default="", help="Comma-separated; default: podium.toml's, else the board's."),
        click.option("--limit", type=click.IntRange(min=1), help="Only the first LIMIT problems of each task."),
        click.option(
            "--n-samples", type=click.IntRange(min=1), help="Samples per problem; default: the board's protocol."
        ),
        click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True),
        root_option,
        click.option(
            "--force", is_flag=True, help="Plan a release though the fork holds a newer one, or it is unclear."
        ),
        config_option,
        data_dir_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def build_plan_options(
    config_path: Path,
    config: Config,
    *,
    tasks: str,
    backend: str | None,
    force: bool = False,
    handed: tuple[str, ...] | None = None,
    **asked: Any,
) -> tuple[PlanOptions, Config]:
    """Find and fetch the checkpoint: the one named, else the release's, else (without a tag) the tryout's.

    Returns the options, and podium.toml as it is to be understood. What later jobs would refuse is refused first.
    Raises UsageError, ConfigError, OlderReleaseError, and what the checkpoint's source raises.
    """
    root = config_path.resolve().parent
    tag, typed, commit = asked.pop("tag") or "", asked.pop("checkpoint"), asked.pop("commit")
    address = from_here(typed, root) if typed else config.model.checkpoint if tag else config.model.tryout
    understood = _understood(config, backend, is_demo=address == DEMO)
    held = held_releases(root / "runs", config.model_name)
    refuse_early(understood, Surroundings(tag=tag, commit=commit, handed=handed, held=held, force=force))
    if not address:
        message = "neither a release tag nor a checkpoint was named"
        raise UsageError(message, hint="pass --tag v1.0.0 for a release, or --checkpoint FOLDER to try one out")
    # Refused before anything is fetched: tags that cannot be one, commits that git denies.
    commit, told = check_tag(root, tag, commit)
    chosen = PlanOptions(
        tag=tag,
        commit=commit,
        tag_check=told,
        workflow_run=workflow_run(os.environ),
        checkpoint=Path(),
        tasks=split_names(tasks),
        **asked,
    )
    found = fetch_checkpoint(address, tag, root)
    base = fetch_checkpoint(config.model.base, tag, root) if config.model.base else None
    options = msgspec.structs.replace(
        chosen,
        checkpoint=found.path,
        source=found.address,
        base=base.path if base else None,
        base_source=base.address if base else "",
    )
    return options, understood


def _understood(config: Config, backend: str | None, *, is_demo: bool) -> Config:
    """podium.toml with what was asked for instead; the demo's model has its own tasks and needs no machine of yours."""
    evaluation, runners, model = config.evaluation, config.runners, config.model
    if is_demo:
        evaluation = EvaluationSection(profile="demo", n_samples=DEMO_SAMPLES)
        runners = RunnersSection(convert=HOSTED, generate=HOSTED, execute=HOSTED)
        model = msgspec.structs.replace(model, dtype="float32", assume="", base="", base_sha256="")
    if backend:
        evaluation = msgspec.structs.replace(evaluation, backend=backend)
    return msgspec.structs.replace(config, evaluation=evaluation, runners=runners, model=model)


def _with_labels(config: Config, labels: tuple[str, ...]) -> Config:
    """Other machines for drawing and executing than podium.toml names."""
    if not labels:
        return config
    runners = msgspec.structs.replace(config.runners, generate=list(labels), execute=list(labels), measure=list(labels))
    return msgspec.structs.replace(config, runners=runners)


@click.command()
@planning_options
@click.option("-o", "--output", type=FILE, default=Path(PLAN), show_default=True)
@click.option("--labels", default="", help="Comma-separated labels of the machines, instead of podium.toml's.")
@click.option("--matrix", "as_matrix", is_flag=True, help="Print what the jobs of a workflow need, as JSON.")
def command(config: Path, output: Path, labels: str, as_matrix: bool, root: tuple[str, ...], **asked: Any) -> None:
    """Write plan.json: every task, its problems and digests, every job and where it runs.

    Outside a workflow, where the jobs run elsewhere, it also says what programs may use and this machine lacks, with
    exit code 7.
    """
    options, understood = build_plan_options(config, read_config(config), handed=_handed(os.environ), **asked)
    with remedies_in_config():
        record = plan(options, _with_labels(understood, split_names(labels)))
    with working_on_file(output):
        write_record(output, record)
    for line in tell_costs(record):
        click.echo(f"plan: {line}", err=True)
    if record.tag_check.startswith(NOT_CHECKED):
        click.echo(f"plan: tag and commit {record.tag_check}", err=True)
    if row := told_of_row(record, understood.publish.model, os.environ):
        click.echo(f"plan: {row}", err=True)
    for reason in record.partial:
        click.echo(f"plan: not a submission: {reason}", err=True)
    facts = canonical_json(facts_of(record, understood.publish.model)).decode()
    submittable = "false" if record.partial else "true"
    write_outputs(os.environ, {"facts": facts, "submittable": submittable, **_names(record)})
    click.echo(facts if as_matrix else output)
    if not as_matrix and not os.environ.get("GITHUB_OUTPUT"):
        with build_sandbox(unsafe_no_sandbox=False, roots=roots_of(root, understood, config.parent)) as sandbox:
            look_at_all(provisions_of(record), sandbox)


def _handed(environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """The inputs of backends that a workflow's jobs hand over; None outside a workflow, where people do."""
    if not (environment.get("GITHUB_ACTIONS") or environment.get("GITHUB_OUTPUT")):
        return None
    names = dict.fromkeys(name for names in BACKEND_OPTIONS.values() for name in names)
    return tuple(name for name in names if environment.get(f"PODIUM_GENERATE_{name.upper()}"))


def _names(record: Plan) -> dict[str, str]:
    """What steps of the same job need to know without reading plan.json."""
    return {
        "model": record.release.model.model,
        "dtype": record.dtype,
        "folder": record.release.model.folder,
    }
