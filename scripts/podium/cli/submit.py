"""podium submit: open or update the pull request in the leaderboard fork. Wires the boards for `publish` and `demo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from podium.boards import plan_withdrawal, preview
from podium.boards import submit as send
from podium.boards import withdraw as take_back
from podium.boards.seam import BOARDS, Clients, Targets, open_board
from podium.cli.console import build_progress
from podium.cli.options import FILE, FOLDER, config_option, sending_options
from podium.cli.tags import require_commit
from podium.cli.working import working_in
from podium.config import read_config
from podium.errors import NothingToDoError, PodiumError, UsageError
from podium.github import build_github
from podium.hub import build_hub
from podium.names import check_name
from podium.records import LEADERBOARD, SendPlan, encode, read_record, write_record
from podium.workflow_commands import write_outputs, write_summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from podium.boards.listing import Listing, Stage
    from podium.boards.seam import Board
    from podium.records import Receipt

SKIPPED_EXIT_CODE = 3


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
    eval_results: bool | None = None
    results: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        """Check what belongs together. Raises UsageError, UnknownNameError."""
        check_name("board", self.board, BOARDS)
        self._check_options()
        if self.plan is not None and self.plan_only:
            message = "--plan-only and --plan exclude each other"
            raise UsageError(message, hint="--plan-only -o FILE writes a plan, --plan FILE applies it")
        if self.output is not None and not self.plan_only:
            message = "-o goes with --plan-only"
            raise UsageError(message, hint="podium submit RUN_DIR --plan-only -o FILE")
        if self.eval_results and (self.output is not None or self.plan is not None):
            message = "a plan's file is about one board, and --eval-results adds another"
            hint = (
                "podium submit RUN_DIR --board eval-results --plan-only -o FILE, then --plan FILE, is that step alone"
            )
            raise UsageError(message, hint=hint)

    def _check_options(self) -> None:
        """What the board needs is given, and what it does not know is not."""
        given = {"--to DIR": self.directory is not None, "--results FILE": bool(self.results)}
        for option, is_given in given.items():
            if is_given == (option in self.listing.options):
                continue
            able = " and ".join(row.name for row in BOARDS.values() if option in row.options)
            message = f"{option.split()[0]} goes with the boards that take it ({able}), and they need it"
            able_ones = [row for row in BOARDS.values() if option in row.options]
            raise UsageError(message, hint=(able_ones[0] if is_given else self.listing).usage)

    @property
    def listing(self) -> Listing:
        """What is known of the board."""
        return BOARDS[self.board]

    @property
    def stage(self) -> Stage:
        """The stage this is: what goes to the Hub is published."""
        return self.listing.stage

    def boards(self, targets: Targets) -> tuple[str, ...]:
        """The boards to go to, in order. podium.toml's `eval_results` adds to `publish`, a plan's file takes away."""
        wanted = targets.eval_results if self.eval_results is None else self.eval_results
        is_single = self.board != "space" or self.output is not None or self.plan is not None
        return (self.board,) if is_single or not wanted else (self.board, "eval-results")


@click.command()
@click.argument("run_dir", type=FOLDER, envvar="PODIUM_SUBMIT_RUN_DIR")
@click.option("--board", default="fork", show_default=True, help=f"One of {', '.join(BOARDS)}.")
@click.option("--fork", default="", help="OWNER/REPO of the leaderboard fork, instead of podium.toml's.")
@click.option("--base", default="", help="Branch of the fork to submit to, instead of podium.toml's.")
@click.option("--to", type=FOLDER, help="Where the boards 'directory' and 'evalplus' put the submission.")
@click.option(
    "--results",
    type=FILE,
    multiple=True,
    help="EvalPlus's own result file, for the board 'evalplus'; may be given more than once.",
)
@click.option("--commit", default="", help="The commit that the tag names now; a run of another one is not sent.")
@click.option("--create-fork", is_flag=True, help="Fork `upstream` of podium.toml's [submit] if the fork is missing.")
@click.option("--sync", is_flag=True, help="Bring the fork up to its upstream first, where that is possible.")
@sending_options
@config_option
def command(run_dir: Path, to: Path | None, commit: str, **given: Any) -> int:
    """Bring the submission of RUN_DIR to a board. Run again, it ends in the same one pull request.

    The token comes from PODIUM_FORK_TOKEN, else GITHUB_TOKEN. Prints the receipt; exit code 3 when skipped.
    """
    options = SubmitOptions(run_dir=run_dir, directory=to, **given)
    require_commit(run_dir, commit)
    return run_command(options, dict(os.environ))


def run_command(options: SubmitOptions, environment: Mapping[str, str]) -> int:
    """Send to every board, or with `plan_only` print the plans; returns the exit code. Prints one JSON line a board."""
    try:
        targets = build_targets(options)
    except PodiumError:
        write_outputs(environment, {"outcome": "failed", "url": "", "number": ""})
        raise
    codes = [_run_board(name, options, targets, environment) for name in options.boards(targets)]
    return max(codes)


def _run_board(name: str, options: SubmitOptions, targets: Targets, environment: Mapping[str, str]) -> int:
    # The step's outputs are the first board's; one that comes along has its own.
    prefix = "" if name == options.board else f"{name}-"
    try:
        board = open_board(name, targets, build_clients(environment))
        if options.plan_only:
            return _tell_preview(options, board)
        plan = read_plan(options) if options.plan else None
        act = take_back if options.withdraw else send
        with working_in(options.run_dir):
            receipt = act(options.stage, board, options.run_dir, build_progress(), plan)
    except PodiumError as err:
        outcome = "skipped" if isinstance(err, NothingToDoError) else "failed"
        write_outputs(environment, {f"{prefix}outcome": outcome, f"{prefix}url": "", f"{prefix}number": ""})
        raise
    return tell(receipt, environment, prefix)


def read_plan(options: SubmitOptions) -> SendPlan:
    """The plan to apply. Raises UsageError if it is one of taking back and the command sends, or the reverse."""
    path = options.plan or Path()
    plan = read_record(path, SendPlan)
    takes_back = not plan.files
    if takes_back != options.withdraw:
        word = "takes back" if takes_back else "sends"
        hint = f"podium {options.stage} RUN_DIR --plan {path}{' --withdraw' if takes_back else ''}"
        message = f"{path} is a plan that {word}, and the command was called to do the other"
        raise UsageError(message, hint=hint)
    return plan


def _tell_preview(options: SubmitOptions, board: Board) -> int:
    """Print what would be done; ends as doing it would. Raises what stands in the way, after the plan is printed."""
    if options.withdraw:
        return tell_plan(options, plan_withdrawal(board, options.run_dir))
    plan, obstacle = preview(board, options.run_dir)
    code = tell_plan(options, plan)
    if obstacle is not None:
        raise obstacle
    return code


def tell_plan(options: SubmitOptions, plan: SendPlan) -> int:
    """Print the plan for machines, write it where asked, a sentence for people; returns the exit code."""
    problems = "".join(f"; in the way: {problem}" for problem in plan.problems)
    reason = f": {plan.reason}" if plan.reason else ""
    click.echo(encode(plan))
    if options.output is not None:
        write_record(options.output, plan)
    what = f"{plan.url} would be {plan.outcome}" if plan.url else f"would be {plan.outcome} at {plan.target}"
    click.echo(f"{options.stage}: {what}{reason}{problems}; nothing was sent", err=True)
    return SKIPPED_EXIT_CODE if plan.outcome == "skipped" else 0


def build_targets(options: SubmitOptions) -> Targets:
    """The places from the options and, where one is missing, from podium.toml. Raises ConfigError."""
    if options.listing.is_folder:
        return Targets(directory=options.directory, results=options.results)
    if options.fork and options.board == "fork" and not options.config.exists():
        return Targets(fork=options.fork, base=options.base or "main", force=options.force, sync=options.sync)
    config = read_config(options.config)
    return Targets(
        fork=options.fork or config.submit.fork,
        base=options.base or config.submit.base,
        reviewers=tuple(config.submit.reviewers),
        labels=tuple(config.submit.labels),
        space=options.space or config.publish.space,
        eval_results=config.publish.eval_results,
        upstream=config.submit.upstream,
        create_fork=options.create_fork,
        sync=options.sync,
        force=options.force,
    )


def build_clients(environment: Mapping[str, str]) -> Clients:
    """The APIs' clients, from the tokens and addresses in `environment`; each is built when a board asks for it."""
    return Clients(github=lambda: build_github(environment), hub=lambda resource: build_hub(environment, resource))


def tell(receipt: Receipt, environment: Mapping[str, str], prefix: str = "") -> int:
    """Print the receipt for machines and a sentence for people, set the step's outputs; returns the exit code."""
    reason = f": {receipt.reason}" if receipt.reason else ""
    step = f"{receipt.stage} {receipt.board}" if receipt.board not in LEADERBOARD else receipt.stage
    click.echo(encode(receipt))
    click.echo(f"{step}: {receipt.outcome} {receipt.url}".rstrip() + reason, err=True)
    if BOARDS[receipt.board].is_folder:  # what is left to a person; other boards have told their notes on the way
        click.echo("".join(f"  {note}\n" for note in receipt.notes), err=True, nl=False)
    number = str(receipt.number) if receipt.number else ""
    outputs = {"outcome": receipt.outcome, "url": receipt.url, "number": number}
    write_outputs(environment, {f"{prefix}{name}": value for name, value in outputs.items()})
    write_summary(environment, f"**podium {step}**: {receipt.outcome} {receipt.url}{reason}")
    return SKIPPED_EXIT_CODE if receipt.outcome == "skipped" else 0
