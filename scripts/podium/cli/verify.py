"""podium verify: a submission's scores, recomputed from its generations by somebody who trusts nothing in it."""

from __future__ import annotations

import os
import secrets
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
import msgspec

from podium.cli.console import build_progress
from podium.cli.execute import build_sandbox
from podium.cli.options import FILE, FOLDER, config_option, data_dir_option, split_names, unsafe_option
from podium.cli.roots import root_option, roots_here
from podium.cli.working import working_in
from podium.config import DEFAULT_BACKEND, read_config
from podium.errors import UsageError
from podium.files import write_atomic
from podium.protocol import BOARD_SAMPLING
from podium.records import encode, write_record
from podium.tasks import load_task
from podium.verify import DEFAULT_FRACTION, VerifyOptions, chosen, verify
from podium.verify.lines import markdown, text_lines
from podium.verify.pulls import FORMS, fetch_from_fork, fetch_from_space, parse_address
from podium.verify.seeds import forget_seed, settle_seed
from podium.verify.submitted import read_submission
from podium.workflow_commands import write_summary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from podium.progress import Progress
    from podium.records import Redrawing
    from podium.tasks import Task
    from podium.verify.pulls import PullAddress
    from podium.verify.submitted import Submitted

EXIT_CODES = {"verified": 0, "refuted": 1, "undecided": 3}
RECORD = "verification.json"
WORK = Path("podium-verify")
# The harness's names of types.
DTYPES = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}
ADDRESSES = ("GITHUB_API_URL", "GITHUB_SERVER_URL", "HF_ENDPOINT")


class VerifyCommand(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for on the command line."""

    submission: str
    fraction: float
    tasks: str
    seed: int | None
    work: Path | None
    model: Path | None
    redraw: int
    backend: str
    dtype: str
    as_json: bool
    workers: int | None
    board: str
    fork: str
    space: str
    markdown: Path | None
    lenient: bool
    config: Path
    data_dir: Path | None
    root: tuple[str, ...]
    unsafe_no_sandbox: bool

    def __post_init__(self) -> None:
        """Raise UsageError for a model without a number of samples, or the other way round."""
        if (self.model is None) != (not self.redraw):
            message = "--model and --redraw belong together"
            raise UsageError(message, hint="--model DIR --redraw 20 draws twenty random samples again from that model")


@click.command()
@click.argument("submission", envvar="PODIUM_VERIFY_SUBMISSION")
@click.option(
    "--fraction",
    type=float,
    default=DEFAULT_FRACTION,
    show_default=True,
    help="Part of each task that is executed first; 1 for all. More where it does not fit the score.",
)
@click.option("--tasks", default="", help="Only these tasks, comma-separated.")
@click.option("--seed", type=click.IntRange(min=0), help="Draw the part that this seed names; default: a new one.")
@click.option("--work", type=FOLDER, help=f"Folder for verdicts and the record; default: {WORK}/NAME.")
@click.option("--model", type=FOLDER, help="The converted model that the generations are said to come from.")
@click.option("--redraw", type=click.IntRange(min=0), default=0, help="Draw so many random samples again from --model.")
@click.option("--backend", default=DEFAULT_BACKEND, show_default=True, help="What draws samples again.")
@click.option("--dtype", default="", help="Number format of the weights; default: what the metrics say.")
@click.option("--json", "as_json", is_flag=True, help="The record on standard output instead of the table.")
@click.option("--workers", type=click.IntRange(min=1), help="Programs run at once; default: one per core.")
@click.option(
    "--board",
    type=click.Choice(["fork", "space"]),
    default="fork",
    show_default=True,
    help="Where a pull request given by its number is.",
)
@click.option("--fork", default="", help="OWNER/REPO of the fork on GitHub, instead of podium.toml's.")
@click.option("--space", default="", help="OWNER/NAME of the Space, instead of podium.toml's.")
@click.option("--markdown", type=FILE, help="Write the result to this file as Markdown as well.")
@click.option("--lenient", is_flag=True, help="Exit with 0 unless the submission is refuted.")
@config_option
@data_dir_option
@root_option
@unsafe_option
def command(**given: Any) -> int:
    """Execute a random part of SUBMISSION's generations and recompute every score from it.

    SUBMISSION is a folder in the board's format, a run directory, or a pull request: its address, OWNER/REPO#N,
    spaces/OWNER/NAME#N, or a number. Nothing that it says of itself is believed. The last line says verified (exit
    code 0), refuted (1) or undecided (3), and why. Interrupted, the same command goes on with the same part. Pasted
    solutions execute like drawn ones: only --model with --redraw tells them apart.
    """
    options = VerifyCommand(**given)
    environment = dict(os.environ)
    address = pull_address(options, environment)
    folder = Path(options.submission)
    work = options.work or WORK / (address.name if address else folder.resolve().name)
    report = build_progress()
    with working_in(work, is_new=True):
        if address:
            folder = fetch(address, environment, work / "fetched", report)
        submitted = read_submission(folder, options.submission)
        record = run(options, submitted, work, report)
        write_record(work / RECORD, record)
        forget_seed(work)
    for line in [encode(record).decode()] if options.as_json else text_lines(record):
        click.echo(line)
    write_summary(environment, markdown(record))
    if options.markdown:
        write_atomic(options.markdown, markdown(record).encode())
    click.echo(work / RECORD, err=True)
    return 0 if options.lenient and record.conclusion == "undecided" else EXIT_CODES[record.conclusion]


def run(options: VerifyCommand, submitted: Submitted, work: Path, report: Progress) -> Any:
    """Wire the stage: seed, task data, sandbox, model."""
    fresh = options.seed if options.seed is not None else secrets.randbits(32)
    settled = VerifyOptions(
        seed=fresh if options.seed is not None else settle_seed(work, submitted, fresh),
        work=work / "verdicts",
        fraction=options.fraction,
        tasks=split_names(options.tasks),
        workers=options.workers,
    )
    loaded: dict[str, Task] = {}

    def load(name: str) -> Task:
        if name not in loaded:
            loaded[name] = load_task(name, options.data_dir)
        return loaded[name]

    again = partial(_redraw, options, settled, load, report) if options.model else None
    with build_sandbox(options.unsafe_no_sandbox, roots_here(options.root)) as sandbox:
        return verify(settled, submitted, load, sandbox, report, again)


def _redraw(
    options: VerifyCommand,
    settled: VerifyOptions,
    load: Callable[[str], Task],
    report: Progress,
    submitted: Submitted,
) -> Redrawing:
    from podium.cli.generate import build_backend
    from podium.convert import digest_folder
    from podium.records import digest_of_files
    from podium.verify.redraw import ADDRESSED, RedrawOptions, redraw, says_podium

    claims = [claim for claim in chosen(submitted, settled.tasks) if claim.generations is not None]
    config = next((claim.config for claim in claims if claim.config), {})
    said = str(config.get("precision", ""))
    dtype = options.dtype or DTYPES.get(said, said) or "bfloat16"
    if dtype not in DTYPES.values():
        message = f"the metrics name the type {dtype[:40]!r}, which nothing here computes with"
        raise UsageError(message, hint=f"--dtype {' or '.join(DTYPES.values())}")
    seed = config.get("seed")
    model = options.model or Path()
    again = RedrawOptions(
        count=options.redraw,
        seed=settled.seed,
        model_sha256=digest_of_files(digest_folder(model)),
        backend=options.backend,
        dtype=dtype,
        sampling=msgspec.structs.replace(
            BOARD_SAMPLING, n_samples=submitted.n_samples, seed=seed if isinstance(seed, int) and seed >= 0 else 0
        ),
        is_comparable=options.backend in ADDRESSED and says_podium(config),
    )
    return redraw(again, claims, load, build_backend(options.backend, model, dtype), report)


def pull_address(options: VerifyCommand, environment: Mapping[str, str]) -> PullAddress | None:
    """The pull request that was named, or None for a folder. Raises UsageError, ConfigError."""
    if Path(options.submission).exists():
        return None
    fork, space = options.fork, options.space
    if options.config.exists():
        config = read_config(options.config)
        fork, space = fork or config.submit.fork, space or config.publish.space
    hosts = {urlsplit(environment.get(name, "")).netloc for name in ADDRESSES} - {""}
    address = parse_address(options.submission, hosts, fork, space, options.board)
    if address is None:
        message = f"there is no {options.submission}"
        raise UsageError(message, hint=f"name {FORMS}")
    return address


def fetch(address: PullAddress, environment: Mapping[str, str], folder: Path, report: Progress) -> Path:
    """The submission of a pull request, in a folder of its own; what an earlier call left there goes first."""
    import shutil

    from podium import github, hub
    from podium.boards.fork.forge import Forge
    from podium.boards.hub.repository import Hub

    if folder.exists():
        shutil.rmtree(folder)
    if address.board == "fork":
        forge = Forge(github.build_reader(environment), address.repository)
        return fetch_from_fork(forge, address.number, folder, report)
    counter = Hub(hub.build_reader(environment), address.repository, "space")
    return fetch_from_space(counter, address.number, folder, report)
