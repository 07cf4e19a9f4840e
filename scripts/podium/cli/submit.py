"""podium submit: open or update the pull request in the leaderboard fork. Wires the boards for `publish` and `demo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
import msgspec

from podium.boards import BOARDS, Board, Clients, Targets, open_board, plan_only
from podium.boards import submit as send
from podium.boards import withdraw as take_back
from podium.cli.console import build_report
from podium.cli.options import FOLDER, config_option, sending_options
from podium.config import read_config
from podium.errors import PodiumError, UsageError
from podium.github import build_github, build_hub, write_outputs, write_summary
from podium.names import check_name
from podium.records import SendPlan, encode, read_record, write_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from podium.records import Receipt

SKIPPED_EXIT_CODE = 3
Stage = Literal["submit", "publish"]


class SubmitOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent and where; what is not given here comes from podium.toml."""

    run_dir: Path
    board: str
    fork: str = ""
    base: str = ""
    space: str = ""
    directory: Path | None = None
    config: Path
    plan_only: bool = False
    output: Path | None = None
    plan: Path | None = None
    withdraw: bool = False
    force: bool = False
    sync: bool = False
    create_fork: bool = False

    def __post_init__(self) -> None:
        """Check what belongs together. Raises UsageError, UnknownNameError."""
        check_name("board", self.board, BOARDS)
        if (self.board == "directory") != (self.directory is not None):
            message = "--to and --board directory go together"
            raise UsageError(message, hint="podium submit RUN_DIR --board directory --to DIR")
        if sum((self.plan_only, self.plan is not None, self.withdraw)) > 1:
            message = "--plan-only, --plan and --withdraw exclude each other"
            raise UsageError(message, hint="--plan-only -o FILE writes a plan, --plan FILE applies it")
        if self.output is not None and not self.plan_only:
            message = "-o goes with --plan-only"
            raise UsageError(message, hint="podium submit RUN_DIR --plan-only -o FILE")

    @property
    def stage(self) -> Stage:
        """The stage this is: what goes to the Space is published."""
        return "publish" if self.board == "space" else "submit"


@click.command()
@click.argument("run_dir", type=FOLDER, envvar="PODIUM_SUBMIT_RUN_DIR")
@click.option("--board", default="fork", show_default=True, help="fork, space (as podium publish) or directory.")
@click.option("--fork", default="", help="OWNER/REPO of the leaderboard fork, instead of podium.toml's.")
@click.option("--base", default="", help="Branch of the fork to submit to, instead of podium.toml's.")
@click.option("--to", type=FOLDER, help="Where the board 'directory' puts the submission.")
@click.option("--create-fork", is_flag=True, help="Fork `upstream` of podium.toml's [submit] if the fork is missing.")
@click.option("--sync", is_flag=True, help="Bring the fork up to its upstream first, where that is possible.")
@sending_options
@config_option
def command(run_dir: Path, to: Path | None, **given: Any) -> int:
    """Bring the submission of RUN_DIR to a board. Run again, it ends in the same one pull request.

    The token comes from PODIUM_FORK_TOKEN, else GITHUB_TOKEN. Prints the receipt; exit code 3 when skipped.
    """
    options = SubmitOptions(run_dir=run_dir, directory=to, **given)
    return run_command(options, dict(os.environ))


def run_command(options: SubmitOptions, environment: Mapping[str, str]) -> int:
    """Send, or with `plan_only` print the plan; returns the exit code. Prints one JSON line on stdout."""
    try:
        opened = _open(options, environment)
        if options.plan_only:
            return tell_plan(options, plan_only(opened, options.run_dir))
        report = build_report()
        if options.withdraw:
            receipt = take_back(options.stage, opened, options.run_dir, report)
        else:
            plan = read_record(options.plan, SendPlan) if options.plan else None
            receipt = send(options.stage, opened, options.run_dir, report, plan)
    except PodiumError:
        write_outputs(environment, {"outcome": "failed", "url": "", "number": ""})
        raise
    return tell(receipt, environment)


def tell_plan(options: SubmitOptions, plan: SendPlan) -> int:
    """Print the plan for machines, write it where asked, a sentence for people; returns the exit code."""
    problems = "".join(f"; in the way: {problem}" for problem in plan.problems)
    click.echo(encode(plan))
    if options.output is not None:
        write_record(options.output, plan)
    click.echo(f"{options.stage}: would be {plan.outcome} at {plan.target}{problems}; nothing was sent", err=True)
    return 0


def build_targets(options: SubmitOptions) -> Targets:
    """The places from the options and, where one is missing, from podium.toml. Raises ConfigError."""
    if options.board == "directory":
        return Targets(directory=options.directory)
    if options.fork and options.board == "fork" and not options.config.exists():
        return Targets(fork=options.fork, base=options.base or "main", force=options.force, sync=options.sync)
    config = read_config(options.config)
    return Targets(
        fork=options.fork or config.submit.fork,
        base=options.base or config.submit.base,
        reviewers=tuple(config.submit.reviewers),
        labels=tuple(config.submit.labels),
        space=options.space or config.publish.space,
        upstream=config.submit.upstream,
        create_fork=options.create_fork,
        sync=options.sync,
        force=options.force,
    )


def _open(options: SubmitOptions, environment: Mapping[str, str]) -> Board:
    targets = build_targets(options)
    return open_board(options.board, targets, build_clients(environment, targets.space))


def build_clients(environment: Mapping[str, str], space: str = "") -> Clients:
    """The APIs' clients, from the tokens and addresses in `environment`; each is built when a board asks for it."""
    return Clients(github=lambda: build_github(environment), hub=lambda: build_hub(environment, space))


def tell(receipt: Receipt, environment: Mapping[str, str]) -> int:
    """Print the receipt for machines and a sentence for people, set the step's outputs; returns the exit code."""
    reason = f": {receipt.reason}" if receipt.reason else ""
    sentence = f"{receipt.stage}: {receipt.outcome} {receipt.url}".rstrip() + reason
    click.echo(encode(receipt))
    click.echo(sentence, err=True)
    number = str(receipt.number) if receipt.number else ""
    write_outputs(environment, {"outcome": receipt.outcome, "url": receipt.url, "number": number})
    write_summary(environment, f"**podium {receipt.stage}**: {receipt.outcome} {receipt.url}{reason}")
    return SKIPPED_EXIT_CODE if receipt.outcome == "skipped" else 0
