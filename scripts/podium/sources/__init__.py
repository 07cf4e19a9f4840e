"""sources: where a release's checkpoint lies, and how it becomes a verified folder on this machine.

`store.fetch` is the way in; each kind of address is an entry of the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.errors import UsageError
from podium.names import closest, load

if TYPE_CHECKING:
    from podium.sources.seam import Source

SOURCES = {
    "path": "podium.sources.path:RepositoryPath",
    "folder": "podium.sources.folder:Folder",
    "demo": "podium.sources.packaged:Packaged",
    "release": "podium.sources.release:ReleaseAssets",
    "hf": "podium.sources.hub:HubRepository",
    "https": "podium.sources.url:Url",
}
FORMS = "a path in the repository, /a/folder, release:PATTERN, hf://ORG/NAME@REVISION, https://HOST/FILE#sha256=DIGEST"


def kind_of(address: str) -> str:
    """Which source an address is for. Raises UsageError for a scheme that none has."""
    scheme, colon, rest = address.partition(":")
    if not address.strip():
        message = "the address of the checkpoint is empty"
        raise UsageError(message, hint=f"it is one of: {FORMS}")
    if address.startswith("/"):
        return "folder"
    if not colon or "/" in scheme or len(scheme) < 2:
        return "path"
    if scheme in ("http", "https"):
        return "https"
    if scheme == "release" or address == "demo:" or (scheme == "hf" and rest.startswith("//")):
        return scheme
    message = f"{address!r} is no address of a checkpoint{closest(scheme, SOURCES)}"
    raise UsageError(message, hint=f"it is one of: {FORMS}")


def open_source(address: str) -> Source:
    """The source an address is for. Raises UsageError."""
    kind = load("source", kind_of(address), SOURCES)
    source: Source = kind()
    return source
