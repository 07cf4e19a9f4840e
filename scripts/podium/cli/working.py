"""Who is at work where: every command that writes into a run directory or a model holds its lock meanwhile."""

from __future__ import annotations

import datetime
import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from podium.lock import folder_lock, held, neighbour_lock, this_process
from podium.run_directory import MODEL_FOLDER, is_run_directory, run_of_verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def command_words() -> list[str]:
    """The words of the command line that is being worked on, `podium` first."""
    words = click.get_current_context().find_root().obj
    return list(words) if words else ["podium"]


def command_line(*more: str) -> str:
    """The command line that is being worked on, ready to be typed, with more words behind it."""
    return shlex.join([*command_words(), *more])


def without_option(words: Sequence[str], option: str) -> list[str]:
    """A command line without an option that takes a value, however often and in which form it is there."""
    kept: list[str] = []
    is_value = False
    for word in words:
        if is_value or word.startswith(f"{option}="):
            is_value = False
        elif word == option:
            is_value = True
        else:
            kept.append(word)
    return kept


@contextmanager
def working_in(run_dir: Path, *, is_new: bool = False) -> Iterator[None]:
    """Hold a run directory and its model; one that does not exist needs no lock unless it is to be made (`is_new`).

    Raises BusyError naming the process that works there.
    """
    locks = [folder_lock(run_dir), neighbour_lock(run_dir / MODEL_FOLDER)] if is_new or run_dir.is_dir() else []
    with _holding(locks):
        yield


@contextmanager
def working_on_model(model_dir: Path) -> Iterator[None]:
    """Hold a model directory that is being written, and the run directory that it lies in. Raises BusyError."""
    locks = [folder_lock(model_dir.parent)] if is_run_directory(model_dir.parent) else []
    with _holding([*locks, neighbour_lock(model_dir)]):
        yield


@contextmanager
def working_on_file(path: Path) -> Iterator[None]:
    """Hold the run directory that a verdict log or a plan lies in, else the file alone. Raises BusyError."""
    run_dir = run_of_verdicts(path) or path.parent
    is_in_run = run_dir != path.parent or is_run_directory(run_dir)
    with _holding([folder_lock(run_dir) if is_in_run else neighbour_lock(path)]):
        yield


@contextmanager
def _holding(locks: Sequence[Path]) -> Iterator[None]:
    since = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    with held(locks, this_process(command_line(), since)):
        yield
