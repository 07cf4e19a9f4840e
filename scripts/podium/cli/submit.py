"""podium submit: open or update the pull request in the leaderboard fork. Wires the boards for `publish` and `demo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from podium.boards import BOARDS, Clients, Targets, open_board, plan_only
from podium.boards import submit as send
from podium.cli.console import build_report
from podium.cli.options import FOLDER, config_option
from podium.config import read_config
from podium.errors import PodiumError, UsageError
from podium.github import build_github, build_hub, write_outputs, write_summary
from podium.names import check_name
from podium.records import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from podium.records import Receipt, SendPlan

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

    def __post_init__(self) -> None:
        """Check what belongs together. Raises UsageError, UnknownNameError."""
        check_name("board", self.board, BOARDS)
        if (self.board == "directory") != (self.directory is not None):
            message = "--to and --board directory go together"
            raise UsageError(message, hint="podium submit RUN_DIR --board directory --to DIR")

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
@click.option("--plan-only", is_flag=True, help="Print what would be sent and what would become of it; send nothing.")
@config_option
def command(run_dir: Path, board: str, fork: str, base: str, to: Path | None, plan_only: bool, config: Path) -> int:
    """Bring the submission of RUN_DIR to a board. Run again, it ends in the same one pull request.

    The token comes from PODIUM_FORK_TOKEN, else GITHUB_TOKEN. Prints the receipt; exit code 3 when skipped.
    """
    options = SubmitOptions(
        run_dir=run_dir, board=board, fork=fork, base=base, directory=to, plan_only=plan_only, config=config
    )
    return run_command(options, dict(os.environ))


def run_command(options: SubmitOptions, environment: Mapping[str, str]) -> int:
    """Send, or with `plan_only` print the plan; returns the exit code. Prints one JSON line on stdout."""
    try:
        opened = open_board(options.board, build_targets(options), build_clients(environment))
        if options.plan_only:
            return tell_plan(options.stage, plan_only(opened, options.run_dir))
        receipt = send(options.stage, opened, options.run_dir, build_report())
    except PodiumError:
        write_outputs(environment, {"outcome": "failed", "url": "", "number": ""})
        raise
    return tell(receipt, environment)


def tell_plan(stage: Stage, plan: SendPlan) -> int:
    """Print the plan for machines and a sentence for people; returns the exit code."""
    problems = "".join(f"; in the way: {problem}" for problem in plan.problems)
    click.echo(encode(plan))
    click.echo(f"{stage}: would be {plan.outcome} at {plan.target}{problems}; nothing was sent", err=True)
    return 0


def build_targets(options: SubmitOptions) -> Targets:
    """The places from the options and, where one is missing, from podium.toml. Raises ConfigError."""
    if options.board == "directory":
        return Targets(directory=options.directory)
    if options.fork and options.board == "fork" and not options.config.exists():
        return Targets(fork=options.fork, base=options.base or "main")
    config = read_config(options.config)
    return Targets(
        fork=options.fork or config.submit.fork,
        base=options.base or config.submit.base,
        reviewers=tuple(config.submit.reviewers),
        labels=tuple(config.submit.labels),
        space=options.space or config.publish.space,
    )


def build_clients(environment: Mapping[str, str]) -> Clients:
    """The APIs' clients, from the tokens and addresses in `environment`; each is built when a board asks for it."""
    return Clients(github=lambda: build_github(environment), hub=lambda: build_hub(environment))


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
