"""Checkpoints by their address: what the commands hand to `podium.sources`, and where fetched ones are kept."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from podium.cli.console import build_progress
from podium.cli.working import working_on_model
from podium.sources import kind_of
from podium.sources.seam import Asked
from podium.sources.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from podium.records import FileDigest
    from podium.sources.store import Fetched

STORE = "PODIUM_CHECKPOINTS"
GITHUB_ORIGIN = re.compile(r"(?:https://(?:[^@/]+@)?[^/]+/|(?:ssh://)?git@[^:/]+[:/])([\w.-]+/[\w.-]+?)(?:\.git)?/?")


def fetch_checkpoint(address: str, tag: str, root: Path, planned: Sequence[FileDigest] = ()) -> Fetched:
    """The checkpoint at an address as a folder or file of this machine. Raises what its source raises."""
    asked = Asked(
        address=address,
        tag=tag,
        root=root,
        repository=repository_of(os.environ, root) if kind_of(address) in ("release", "path") else "",
        environment=os.environ,
    )
    return Store(folder=store_folder(os.environ), hold=working_on_model).fetch(asked, build_progress(), planned)


def store_folder(environment: Mapping[str, str]) -> Path:
    """Where fetched checkpoints are kept: in a job the folder that the runner empties after it."""
    if named := environment.get(STORE, "").strip():
        return Path(named)
    if temporary := environment.get("RUNNER_TEMP", "").strip():
        return Path(temporary) / "checkpoints"
    cache = environment.get("XDG_CACHE_HOME", "").strip()
    return (Path(cache) if cache else Path.home() / ".cache") / "podium" / "checkpoints"


def repository_of(environment: Mapping[str, str], root: Path) -> str:
    """OWNER/NAME of the model's repository: the workflow's, else the clone's origin, else nothing."""
    if named := environment.get("GITHUB_REPOSITORY", "").strip():
        return named
    try:
        asked = ["git", "-C", str(root), "config", "--get", "remote.origin.url"]
        origin = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""
    match = GITHUB_ORIGIN.fullmatch(origin)
    return match[1] if match else ""


def from_here(typed: str, root: Path) -> str:
    """An address as typed: a relative path of the current folder becomes one of the folder of podium.toml."""
    if kind_of(typed) != "path":
        return typed
    return os.path.relpath(Path.cwd() / typed, root)
