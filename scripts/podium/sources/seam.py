"""What a source of checkpoints is: it says which files there are, how large, and what proves each of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from podium.sources.words import Words

if TYPE_CHECKING:
    from podium.sources.web import Web


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes at one address. `identity` changes when they do; `headers` may hold a token for that host alone.

    `sha256` is empty where the source names none; `blob_sha1` is git's name of the bytes, where that is what it has.
    `local` is a file that is here already.
    """

    url: str = ""
    local: Path | None = None
    size_bytes: int
    sha256: str = ""
    blob_sha1: str = ""
    identity: str
    headers: Mapping[str, str] = {}
    words: Words | None = None


class RemoteFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a checkpoint: its path in the folder, and the pieces that make it, in order."""

    path: str
    pieces: tuple[Piece, ...]

    @property
    def size_bytes(self) -> int:
        """Size of the whole."""
        return sum(piece.size_bytes for piece in self.pieces)


class Located(msgspec.Struct, frozen=True, kw_only=True):
    """Where a checkpoint is: `here` on this machine, or `files` to be fetched.

    `address` fetches these bytes again, with moving names replaced by what they name now. `only` is the one weight file
    that was asked for.
    """

    address: str
    here: Path | None = None
    files: tuple[RemoteFile, ...] = ()
    only: str = ""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a source is told: the release's tag (empty without one), the folder of podium.toml, and the environment.

    `repository` is the model's own, OWNER/NAME on GitHub; empty where nobody knows.
    """

    address: str
    tag: str = ""
    root: Path = Path()
    repository: str = ""
    environment: Mapping[str, str] = {}

    def with_tag(self, text: str) -> str:
        """`{tag}` in a text replaced."""
        return text.replace("{tag}", self.tag)


class Source(Protocol):
    """One kind of address."""

    def locate(self, asked: Asked, web: Web) -> Located:
        """Find the checkpoint and the size of every file, before a byte of it is fetched. Raises PodiumError."""
