"""A path in the model's repository at the tag. Git LFS pointers are fetched: those of this path, each once.

Reads GITHUB_SERVER_URL, and GITHUB_TOKEN where there is one: a public repository needs none.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from podium.convert.golden import FILE_NAME as GOLDEN
from podium.errors import CheckpointError, SourceError, TokenError, UsageError
from podium.sources.release import TOKENS
from podium.sources.seam import Located, Piece, RemoteFile
from podium.sources.words import Words
from podium.tokens import address_of, token_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from podium.sources.seam import Asked
    from podium.sources.web import Web

POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:[a-z0-9.-]+ [^\n]*\n)*?oid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)
POINTER_BYTES = 1024
SERVER = "https://github.com"
LFS = "application/vnd.git-lfs+json"
QUOTA = re.compile(r"quota|budget|bandwidth", re.IGNORECASE)


class Pointer(msgspec.Struct, frozen=True):
    """What stands in git for a large file."""

    path: Path
    sha256: str
    size_bytes: int


class RepositoryPath:
    """Entry of the table of sources."""

    def locate(self, asked: Asked, web: Web) -> Located:
        """The path itself; with LFS pointers in it, a copy of it with their content. Raises PodiumError."""
        named = asked.with_tag(asked.address)
        path = asked.root / named
        if not path.exists():
            message = f"there is no {path}"
            hint = (
                f"commit it at the tag, or say where the checkpoint lies with --checkpoint or in podium.toml: {PLACES}"
            )
            raise CheckpointError(message, hint=hint)
        files = _files_of(path)
        pointers = [pointer for file in files if (pointer := pointer_in(file))]
        if not pointers:
            return Located(address=named, here=path)
        folder = path if path.is_dir() else path.parent
        pieces = _ask_lfs(pointers, asked, web)
        remote = tuple(
            RemoteFile(path=file.relative_to(folder).as_posix(), pieces=(pieces.get(file) or _local(file),))
            for file in files
        )
        return Located(address=named, files=remote, only="" if path.is_dir() else path.name)


PLACES = "release:*, hf://ORG/NAME@REVISION, https://HOST/FILE#sha256=DIGEST"


def pointer_in(path: Path) -> Pointer | None:
    """The pointer a file is, or None where it is the file itself."""
    if path.stat().st_size > POINTER_BYTES:
        return None
    match = POINTER.fullmatch(path.read_bytes())
    return Pointer(path, match[1].decode(), int(match[2])) if match else None


def _files_of(path: Path) -> list[Path]:
    """All files of a folder, less hidden ones; of one weight file, itself and what stands beside it."""
    if path.is_dir():
        below = sorted(file for file in path.rglob("*") if file.is_file() and not file.is_symlink())
        return [file for file in below if not any(part.startswith(".") for part in file.relative_to(path).parts)]
    beside = [*path.parent.glob("*.json"), path.parent / GOLDEN]
    return [path, *sorted(file for file in beside if file.is_file() and file != path)]


def _local(file: Path) -> Piece:
    stat = file.stat()
    return Piece(local=file, size_bytes=stat.st_size, identity=f"{file} {stat.st_size} {stat.st_mtime_ns}")


def _ask_lfs(pointers: list[Pointer], asked: Asked, web: Web) -> dict[Path, Piece]:
    """Where the large files are, by the batch API of Git LFS. Raises SourceError, TokenError."""
    if not asked.repository:
        message = f"{pointers[0].path} is a Git LFS pointer, and nobody says which repository has the file"
        raise UsageError(message, hint=f'git lfs pull --include "{asked.with_tag(asked.address)}/**"')
    server = address_of(asked.environment, "GITHUB_SERVER_URL", SERVER)
    words = _words(asked)
    body = {
        "operation": "download",
        "transfers": ["basic"],
        "objects": [{"oid": pointer.sha256, "size": pointer.size_bytes} for pointer in pointers],
    }
    answer = web.post_json(
        f"{server}/{asked.repository}.git/info/lfs/objects/batch",
        body,
        {"Accept": LFS, "Content-Type": LFS, **_basic(asked.environment)},
        words,
        _explain(words),
    )
    places = {item["oid"]: item for item in answer.get("objects", [])}
    return {pointer.path: _piece(pointer, places.get(pointer.sha256, {}), words) for pointer in pointers}


def _piece(pointer: Pointer, place: Mapping[str, Any], words: Words) -> Piece:
    action = place.get("actions", {}).get("download")
    if not action:
        said = place.get("error", {}).get("message", "it does not know it")
        message = f"{words.what} has not the content of {pointer.path.name}: {said}"
        raise SourceError(message, hint=words.on_404)
    return Piece(
        url=action["href"],
        size_bytes=pointer.size_bytes,
        sha256=pointer.sha256,
        identity=pointer.sha256,
        headers=action.get("header", {}),
        words=msgspec.structs.replace(words, what=f"{pointer.path.name} in {words.what}"),
    )


def _explain(words: Words) -> Any:
    def explain(status: int, said: str) -> None:
        if status in (403, 429) and QUOTA.search(said):
            message = f"{words.what} gives nothing more this month ({said})"
            hint = (
                'put the checkpoint into the release, `gh release upload TAG FILES`, and write checkpoint = "release:*"'
            )
            raise SourceError(message, hint=f"{hint}; or raise the budget of Git LFS")

    return explain


def _basic(environment: Mapping[str, str]) -> dict[str, str]:
    try:
        token = token_of(environment, TOKENS, "Git LFS")
    except TokenError:
        if environment.get(TOKENS[0], "").strip():
            raise
        return {}
    return {"Authorization": f"Basic {base64.b64encode(f'x-access-token:{token}'.encode()).decode()}"}


def _words(asked: Asked) -> Words:
    may = "a job needs `permissions: contents: read`, a terminal `export GITHUB_TOKEN=$(gh auth token)`"
    return Words(
        what=f"Git LFS of {asked.repository}",
        on_401="GITHUB_TOKEN is wrong or has expired: set another one, or none for a public repository",
        on_403=may,
        on_404=f"`git lfs push --all origin {asked.tag or 'HEAD'}` uploads what is missing",
    )
