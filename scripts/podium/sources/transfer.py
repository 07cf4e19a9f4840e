"""One file fetched piece by piece: a cut download goes on at its next byte, and every digest that is known is held."""

from __future__ import annotations

import hashlib
import shutil
from typing import IO, TYPE_CHECKING

from podium.errors import SourceError, StorageError
from podium.files import CHUNK_BYTES
from podium.sources.web import AGAIN, ATTEMPTS, pause

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from podium.sources.seam import Piece, RemoteFile
    from podium.sources.web import Web

PART = ".part"
PARTIAL, BEYOND = 206, 416


def part_path(folder: Path, file: RemoteFile) -> Path:
    """Where a file lies until it is whole."""
    return folder / f"{file.path}{PART}"


def bytes_here(folder: Path, file: RemoteFile) -> int:
    """How much of a file an earlier attempt left."""
    for path in (folder / file.path, part_path(folder, file)):
        if path.is_file():
            return min(path.stat().st_size, file.size_bytes)
    return 0


def fetch_file(folder: Path, file: RemoteFile, web: Web, advance: Callable[[int], None]) -> None:
    """Make `folder/<path>` whole, from what is there. Raises SourceError, TokenError, StorageError.

    A file whose digest is not the one that the source names is removed; nothing of it is used.
    """
    target, part = folder / file.path, part_path(folder, file)
    if target.is_file() and target.stat().st_size == file.size_bytes:
        return
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab") as stream:
            if stream.tell() > file.size_bytes:
                stream.truncate(0)
            start = 0
            for piece in file.pieces:
                _fetch_piece(stream, start, piece, web, advance)
                start += piece.size_bytes
        _verify(part, file)
        part.rename(target)
    except OSError as err:
        message = f"cannot write {part}: {err.strerror}"
        raise StorageError(message, hint=f"free disk space; then {AGAIN}") from err


def _fetch_piece(stream: IO[bytes], start: int, piece: Piece, web: Web, advance: Callable[[int], None]) -> None:
    """Append what a piece that begins at `start` of the file still lacks."""
    if piece.local is not None:
        _copy_piece(stream, start, piece)
        return
    idle = farthest = 0
    while (done := stream.seek(0, 2) - start) < piece.size_bytes:
        idle = 0 if done > farthest else idle + 1
        farthest = max(farthest, done)
        if idle > ATTEMPTS:
            message = f"{_what(piece)}: the download broke off at {done} of {piece.size_bytes} bytes, again and again"
            raise SourceError(message, hint=AGAIN)
        if idle > 1:
            web.wait(pause(idle, {}))
        _go_on(stream, start, done, piece, web, advance)


def _copy_piece(stream: IO[bytes], start: int, piece: Piece) -> None:
    if piece.local is not None and stream.seek(0, 2) < start + piece.size_bytes:
        stream.truncate(start)
        with piece.local.open("rb") as there:
            shutil.copyfileobj(there, stream, CHUNK_BYTES)


def _go_on(stream: IO[bytes], start: int, done: int, piece: Piece, web: Web, advance: Callable[[int], None]) -> None:
    """Append what one answer gives. Raises SourceError where it is not the file that was said."""
    from httpx2 import HTTPError

    if piece.words is None:
        message = f"{piece.identity} is nowhere to be fetched from"
        raise SourceError(message)
    headers = {**piece.headers, **({"Range": f"bytes={done}-"} if done else {})}
    with web.get(piece.url, headers, piece.words) as answer:
        if done and not _goes_on_at(answer.status_code, str(answer.headers.get("content-range", "")), done):
            # The host begins anew, so does the piece.
            stream.truncate(start)
            advance(-done)
            done = 0
        if answer.status_code == BEYOND:
            raise _other_size(piece)
        try:
            # As it comes: gathered into larger chunks, the last bytes before a cut would be lost.
            for chunk in answer.iter_raw():
                stream.write(chunk)
                done += len(chunk)
                advance(len(chunk))
                if done > piece.size_bytes:
                    stream.truncate(start)
                    raise _other_size(piece)
        except HTTPError:
            pass  # cut off: what came stays, and the next request goes on behind it
    stream.flush()


def _other_size(piece: Piece) -> SourceError:
    message = f"{_what(piece)} has not the {piece.size_bytes} bytes that were said"
    return SourceError(message, hint=f"it changed meanwhile: {AGAIN}")


def _goes_on_at(status: int, content_range: str, done: int) -> bool:
    return status == PARTIAL and content_range.startswith(f"bytes {done}-")


def _verify(part: Path, file: RemoteFile) -> None:
    """Hold every piece against the digest that the source names for it. Raises SourceError, the file is gone then."""
    with part.open("rb") as stream:
        for number, piece in enumerate(file.pieces, 1):
            if not _is_as_said(stream, piece):
                part.unlink()
                message = f"{_what(piece)} arrived with other bytes than its digest says"
                if len(file.pieces) > 1:
                    message += f" (part {number} of {file.path})"
                hint = "run the same command again; if it stays so, put the file there anew, with its right digest"
                raise SourceError(message, hint=hint)


def _is_as_said(stream: IO[bytes], piece: Piece) -> bool:
    """Whether the next bytes are the piece, by every digest that is known for it."""
    sha256, left = hashlib.sha256(), piece.size_bytes
    blob = hashlib.sha1(f"blob {piece.size_bytes}\0".encode(), usedforsecurity=False)
    while left and (chunk := stream.read(min(CHUNK_BYTES, left))):
        left -= len(chunk)
        sha256.update(chunk)
        if piece.blob_sha1:
            blob.update(chunk)
    named = {piece.sha256: sha256.hexdigest(), piece.blob_sha1: blob.hexdigest()}
    return not left and all(said in ("", found) for said, found in named.items())


def _what(piece: Piece) -> str:
    return piece.words.what if piece.words else str(piece.local)
