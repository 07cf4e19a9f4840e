"""What later jobs would refuse and is known before any work: told when a run is planned, with the line that mends it.

Reads podium.toml and, for the releases that a board holds, the receipts of earlier runs. Writes nothing.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

import msgspec

from podium.convert.writer import DTYPES
from podium.errors import ConfigError, RecordError, UsageError
from podium.generate.backends.seam import BACKEND_OPTIONS
from podium.names import GITHUB_NAME, HUB_NAME
from podium.profiles import PROFILES, profile_named
from podium.protocol import submission_title
from podium.records import LEADERBOARD, Receipt, read_record
from podium.run_directory import SUBMIT_RECEIPT
from podium.submission.releases import refuse_older

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from podium.config import Config
    from podium.records import ModelName

REVIEWER = re.compile(r"[A-Za-z0-9-]{1,39}(/[a-z0-9-]+)?")
BRANCH = re.compile(r"(?!refs/|/|-)(?!.*(//|\.\.|@\{))[^\s~^:?*\[\\]+(?<![/.])")
COMMIT = re.compile(r"([0-9a-f]{40})?")
# The Hub's limit for the title of a pull request, and the records' for a tag.
LONGEST_TITLE, LONGEST_TAG = 200, 200
# What a board holds after a submission that ended so.
HELD = {"created", "updated", "unchanged"}


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What is known beside podium.toml.

    `handed` are inputs of backends that a workflow's jobs hand over, or None where the jobs are somebody's commands;
    `held` maps the releases of this model that the fork holds to the receipt that says so.
    """

    tag: str = ""
    commit: str = ""
    handed: tuple[str, ...] | None = None
    held: Mapping[str, Path] = msgspec.field(default_factory=dict)
    force: bool = False


def refuse_early(config: Config, around: Surroundings) -> None:
    """Raises ConfigError, UsageError or OlderReleaseError for the first thing that a later job would refuse."""
    _refuse_values(config)
    _refuse_backend(config, around)
    _refuse_names(config)
    _refuse_title(config.model_name)
    if not COMMIT.fullmatch(around.commit):
        message = f"--commit is the whole name of a commit, 40 characters, and not {around.commit!r}"
        raise UsageError(message, hint="git rev-parse TAG^{commit} prints it; without --commit none is recorded")
    if len(around.tag) > LONGEST_TAG:
        message = f"the tag has {len(around.tag)} characters, and {LONGEST_TAG} is the most that records hold"
        raise UsageError(message, hint="tag the same commit with a shorter name")
    if around.tag:
        _refuse_profile(config)
        _refuse_order(around)


def _refuse_values(config: Config) -> None:
    dtype = config.model.dtype
    if dtype not in DTYPES:
        nearest = get_close_matches(dtype, DTYPES, n=1, cutoff=0)[0]
        message = f"model.dtype is {dtype!r}, and a model is written as {', '.join(DTYPES)}"
        raise ConfigError(message, hint=f'`dtype = "{nearest}"` below [model] in podium.toml')
    for stage in ("convert", "generate", "execute"):
        if not [label for label in getattr(config.runners, stage) if label.strip()]:
            message = f"runners.{stage} names no label, so no machine would ever take the job"
            raise ConfigError(message, hint=f'`{stage} = ["self-hosted", "Linux"]` below [runners] in podium.toml')


def _refuse_backend(config: Config, around: Surroundings) -> None:
    backend = config.evaluation.backend
    needed = BACKEND_OPTIONS.get(backend, ())[:1]
    missing = [name for name in needed if around.handed is not None and name not in around.handed]
    if missing:
        message = f"the jobs of a workflow do not hand over what the backend {backend!r} needs: {', '.join(missing)}"
        hint = (
            '`backend = "native"` below [evaluation] in podium.toml; a workflow whose jobs do hand it over says so by '
            f"PODIUM_GENERATE_{missing[0].upper()} in the environment of this step"
        )
        raise ConfigError(message, hint=hint)


def _refuse_names(config: Config) -> None:
    submit = config.submit
    for key, name in (("fork", submit.fork), ("upstream", submit.upstream)):
        if (name or key == "fork") and not GITHUB_NAME.fullmatch(name):
            message = f"submit.{key} is {name!r}, which is not the name of a GitHub repository"
            hint = f'`{key} = "OWNER/REPO"` below [submit] in podium.toml, without address or .git'
            raise ConfigError(message, hint=hint)
    if not BRANCH.fullmatch(submit.base):
        message = f"submit.base is {submit.base!r}, which is not the name of a branch"
        raise ConfigError(message, hint='`base = "main"` below [submit] in podium.toml, without refs/heads/')
    for reviewer in submit.reviewers:
        if not REVIEWER.fullmatch(reviewer):
            message = f"submit.reviewers holds {reviewer!r}, which is neither an account nor OWNER/TEAM"
            raise ConfigError(message, hint='`reviewers = ["login"]` below [submit] in podium.toml, without @')
    if any(not label.strip() for label in submit.labels):
        message = "submit.labels holds an empty label"
        raise ConfigError(message, hint="`labels = []` below [submit] in podium.toml, or name them")
    if not HUB_NAME.fullmatch(config.publish.space):
        message = f"publish.space is {config.publish.space!r}, which is not the name of a Space"
        raise ConfigError(message, hint='`space = "OWNER/NAME"` below [publish] in podium.toml, without address')


def _refuse_title(model: ModelName) -> None:
    title = submission_title(model)
    if len(title) > LONGEST_TITLE:
        message = f"the pull request's title would have {len(title)} characters, and the Hub takes {LONGEST_TITLE}"
        raise ConfigError(message, hint="shorten org, model or user below [model] in podium.toml")


def _refuse_profile(config: Config) -> None:
    """A Space that a profile knows as its own takes no other profile's submissions."""
    space, name = config.publish.space, profile_named(config.evaluation.profile).name
    owner = next((known for known in PROFILES if space in profile_named(known).spaces), name)
    if owner != name:
        message = f"the Space {space} takes submissions of the profile {owner!r}, and evaluation.profile is {name!r}"
        hint = (
            f'`profile = "{owner}"` below [evaluation] in podium.toml, or `space = "OWNER/NAME"` below [publish] for a '
            "Space that takes this one; without --tag it is a try-out that goes nowhere"
        )
        raise ConfigError(message, hint=hint)


def _refuse_order(around: Surroundings) -> None:
    if around.tag in around.held:
        return
    for other, receipt in around.held.items():
        refuse_older(around.tag, [other], f"the fork, by {receipt},", force=around.force)


def held_releases(runs: Path, model: ModelName) -> dict[str, Path]:
    """The releases of this model that the fork holds, by the receipts of the runs in a folder; newest name last."""
    return dict(_held(runs, model))


def _held(runs: Path, model: ModelName) -> Iterator[tuple[str, Path]]:
    for path in sorted(runs.glob(f"*/{SUBMIT_RECEIPT}")):
        try:
            receipt = read_record(path, Receipt)
        except RecordError:  # no receipt, so it says nothing; `podium validate` tells what is wrong with it
            continue
        if receipt.board in LEADERBOARD and receipt.branch == f"podium/{model.folder}" and receipt.outcome in HELD:
            yield receipt.release, path
