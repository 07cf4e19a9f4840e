"""One file at an address, with the digest that proves it: `https://host/ckpt.tar.gz#sha256=...`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from podium.errors import UsageError
from podium.sources.seam import Located, Piece, RemoteFile
from podium.sources.web import size_of
from podium.sources.words import Words

if TYPE_CHECKING:
    from podium.sources.seam import Asked
    from podium.sources.web import Web

DIGEST = re.compile(r"sha256=([0-9a-f]{64})(?!\n)$")
WORDS = (
    "no token is sent to such an address: put the file where everybody may read it, or use release: or hf://",
    "correct the address, or put the file there again",
)


class Url:
    """Entry of the table of sources."""

    def locate(self, asked: Asked, web: Web) -> Located:
        """Ask for the size; the digest stands in the address. Raises UsageError, SourceError."""
        address = asked.with_tag(asked.address)
        url, _, fragment = address.partition("#")
        proof = DIGEST.match(fragment)
        name = unquote(urlsplit(url).path).rpartition("/")[2]
        if proof is None or not name or name in (".", ".."):
            message = f"{address} names no file with its digest"
            raise UsageError(message, hint=f"write {url.rstrip('/')}#sha256=DIGEST; `sha256sum FILE` prints the digest")
        words = Words(what=url, on_401=WORDS[0], on_403=WORDS[0], on_404=WORDS[1])
        size = size_of(web, url, words)
        piece = Piece(url=url, size_bytes=size, sha256=proof[1], identity=proof[1], words=words)
        return Located(address=address, files=(RemoteFile(path=name, pieces=(piece,)),))
