"""What the tests of sources fetch, from where, and into which store."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from httpx2 import Client

from podium.convert import digest_checkpoint
from podium.progress import SilentProgress
from podium.sources.seam import Asked
from podium.sources.store import Store
from podium.sources.web import Web
from podium.standin.world import User

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podium.records import FileDigest
    from podium.sources.store import Fetched
    from podium.standin.server import Standin

CHECKPOINT = Path(__file__).resolve().parents[3] / "scripts" / "podium" / "demo" / "checkpoint"
OWNER = User(login="acme", token="standin-owner-token", scopes=["repo"])
STRANGER = User(login="stranger", token="standin-stranger-token", scopes=["repo"])
REPOSITORY = "acme/small"
TAG = "v1.0.0"
NAMES = ("config.json", "golden.npz", "model.safetensors", "tokenizer.json")


class Place:
    """Fetches from one stand-in into one store, and knows what passed over the wire."""

    def __init__(self, standin: Standin, folder: Path) -> None:
        self.standin, self.folder = standin, folder
        self.waited: list[float] = []
        self.environment = {
            "GITHUB_API_URL": standin.github_url,
            "GITHUB_SERVER_URL": standin.git_url,
            "HF_ENDPOINT": standin.hub_url,
        }
        self.store = Store(
            folder=folder / "store",
            hold=lambda _: contextlib.nullcontext(),
            build_web=lambda: Web(Client(follow_redirects=False), self.waited.append),
        )

    def fetch(
        self, address: str, *, tag: str = TAG, planned: Sequence[FileDigest] = (), root: Path | None = None, **more: str
    ) -> Fetched:
        asked = Asked(
            address=address,
            tag=tag,
            root=root or self.folder,
            repository=REPOSITORY,
            environment={**self.environment, **more},
        )
        return self.store.fetch(asked, SilentProgress(), planned)

    def bytes_requests(self) -> list[str]:
        """Paths of the requests that ended where bytes are."""
        return [asked.path for asked in self.standin.requests if "-content/" in asked.path or "/resolve/" in asked.path]

    def left(self) -> list[str]:
        """What the store holds beside what is still partial, and the notes of what became what."""
        return sorted(path.name for path in self.store.folder.glob("*") if path.name not in ("partial", "known"))


def files_of(path: Path) -> dict[str, bytes]:
    """A checkpoint's files with their bytes."""
    folder = path if path.is_dir() else path.parent
    return {file.path: (folder / file.path).read_bytes() for file in digest_checkpoint(path)}


def assets() -> dict[str, Path]:
    """The checkpoint's files as assets of a release."""
    return {name: CHECKPOINT / name for name in NAMES}
