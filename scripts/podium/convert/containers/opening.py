"""Which file of a checkpoint is read, and as what: containers are told by content, never by suffix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.convert.containers.apr import read_apr
from podium.convert.containers.safetensors import read_safetensors, read_sharded
from podium.convert.containers.unsupported import SUFFIXES
from podium.convert.containers.weightfile import open_weights
from podium.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

    from podium.convert.containers.stored import Container

INDEX = "model.safetensors.index.json"
PREFERRED = ("model.safetensors", "model.apr", "model-best.apr")
SUFFIXES_READ = (".safetensors", ".apr")
NO_WEIGHTS = ("golden.npz",)  # what may lie beside the weights
SHOWN = 20
WANTED = f"name a folder with {INDEX}, {', '.join(PREFERRED)}, or the weight file itself"


def open_container(path: Path) -> Container:
    """Read the checkpoint at a folder or a file.

    In a folder: the index or model.safetensors, else model.apr, else model-best.apr, else the only *.safetensors or
    *.apr. A symbolic link (the Hub's cache is made of them) is followed if a regular file is at its end.
    Raises CheckpointError naming what is there instead and the way out.
    """
    try:
        if path.is_dir():
            path = _weights_in(path)
        if not path.exists():
            message = f"there is no checkpoint at {path}" + (" (a broken link)" if path.is_symlink() else "")
            raise CheckpointError(message, hint=WANTED)
    except OSError as err:
        message = f"cannot read {path}: {err.strerror}"
        raise CheckpointError(message, hint="check the path and its permissions") from err
    if path.name.endswith(".index.json"):
        return read_sharded(path)
    with open_weights(path, "checkpoint") as file:
        is_apr = file.read(0, min(file.size, 3), "the begin") == b"APR"
    return read_apr(path) if is_apr else read_safetensors(path)


def _weights_in(folder: Path) -> Path:
    names = sorted(entry.name for entry in folder.iterdir())
    index, single = folder / INDEX, folder / PREFERRED[0]
    if INDEX in names and PREFERRED[0] in names:
        shards = {path.name for path in read_sharded(index).paths}
        if single.name not in shards:
            raise _too_many(folder, [INDEX, single.name])
    for name in (INDEX, *PREFERRED):
        if name in names:
            return folder / name
    candidates = [name for name in names if name.lower().endswith(SUFFIXES_READ)]
    if len(candidates) > 1:
        raise _too_many(folder, candidates)
    if candidates:
        return folder / candidates[0]
    raise _nothing(folder, names)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    # A name could hold a line break and forge a line of the log.
    return ", ".join(name if name.isprintable() else repr(name) for name in names[:SHOWN]) + more


def _too_many(folder: Path, candidates: list[str]) -> CheckpointError:
    message = f"{folder} holds more than one checkpoint: {_listed(candidates)}"
    return CheckpointError(message, hint=f"name the file: {folder / candidates[0]} (shards need their {INDEX})")


def _nothing(folder: Path, names: list[str]) -> CheckpointError:
    for name in sorted(set(names) - set(NO_WEIGHTS)):
        if foreign := SUFFIXES.get((folder / name).suffix.lower()):
            message = f"{folder / name} is {foreign.name}; {foreign.reason}"
            return CheckpointError(message, hint=foreign.hint)
    held = f"it holds {_listed(names)}" if names else "it is empty"
    return CheckpointError(f"there is no checkpoint in {folder}: {held}", hint=WANTED)
