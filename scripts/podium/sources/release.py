"""Assets of the GitHub release of the tag: `release:PATTERN`. Files cut for GitHub's 2 GiB limit are joined in order.

Reads GITHUB_API_URL, and GITHUB_TOKEN where there is one: a public repository needs none.
"""

from __future__ import annotations

import difflib
import re
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from podium.errors import SourceError, TokenError, UsageError
from podium.github import DEFAULT_API
from podium.records import Count
from podium.sources.seam import Located, Piece, RemoteFile
from podium.sources.web import json_of
from podium.sources.words import Words
from podium.tokens import address_of, token_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from podium.sources.seam import Asked
    from podium.sources.web import Web

TOKENS = ("GITHUB_TOKEN",)
# Suffixes of what lies beside weights: a release of nothing else has none.
BESIDE_WEIGHTS = {".json", ".npz", ".txt", ".md", ".jinja"}
API = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
BYTES = {"Accept": "application/octet-stream", "X-GitHub-Api-Version": "2022-11-28"}
PAGE = 100
# NAME.part1, NAME.part-aa, NAME.001: what `split` writes.
NUMBERED = re.compile(r"(?P<name>.+)\.(?:part[-_.]?(?P<part>\d+|[a-z]{2,3})|(?P<number>\d{2,4}))")
SHOWN = 12


class Asset(msgspec.Struct, frozen=True):
    """An asset as GitHub lists it."""

    id: int
    name: str
    size: Count
    url: str
    state: str = "uploaded"
    digest: str | None = None
    updated_at: str = ""


class ReleaseView(msgspec.Struct, frozen=True):
    """The part of a release that is needed."""

    id: int
    tag_name: str = ""
    draft: bool = False


class ReleaseAssets:
    """Entry of the table of sources."""

    def locate(self, asked: Asked, web: Web) -> Located:
        """Find the assets, their sizes and digests. Raises UsageError, SourceError, TokenError."""
        pattern = asked.with_tag(asked.address).partition(":")[2]
        if not asked.tag or not pattern:
            message = f"{asked.address} needs {'a pattern of asset names' if asked.tag else 'a release tag'}"
            hint = "release:* takes all assets" if asked.tag else "pass --tag v1.0.0, or name a checkpoint to try out"
            raise UsageError(message, hint=hint)
        if not asked.repository:
            message = f"{asked.address}: nobody says of which repository on GitHub"
            raise UsageError(message, hint="run it in a clone of the repository, or set GITHUB_REPOSITORY=OWNER/NAME")
        desk = _Desk(asked, web)
        assets = desk.assets()
        chosen = [asset for asset in assets if fnmatchcase(asset.name, pattern)]
        if not chosen:
            raise _missing(pattern, assets, desk.what, asked.tag)
        if all(PurePosixPath(asset.name).suffix in BESIDE_WEIGHTS for asset in chosen):
            message = f"{desk.what}: no weights among what {asked.address} takes: {_listed(chosen)}"
            hint = f"gh release upload {asked.tag} model.safetensors adds them, or correct `checkpoint` below [model]"
            raise SourceError(message, hint=hint)
        for asset in chosen:
            if asset.state != "uploaded":
                message = f"{desk.what}: the upload of {asset.name} was not finished"
                raise SourceError(message, hint=f"gh release upload {asked.tag} {asset.name} --clobber")
        files = tuple(
            RemoteFile(path=name, pieces=tuple(desk.piece(part) for part in parts))
            for name, parts in _joined(chosen, desk.what).items()
        )
        return Located(address=f"release:{pattern}", files=files)


class _Desk:
    """Questions about one release."""

    def __init__(self, asked: Asked, web: Web) -> None:
        self._tag = asked.tag
        self._web = web
        api = address_of(asked.environment, "GITHUB_API_URL", DEFAULT_API)
        self._repository = f"{api}/repos/{asked.repository}"
        self._token = _bearer(asked.environment)
        self.what = f"the release {asked.tag} of {asked.repository}"

    def assets(self) -> list[Asset]:
        """All assets of the release."""
        release, found = self._release(), []
        page = 1
        while True:
            url = f"{self._repository}/releases/{release.id}/assets?per_page={PAGE}&page={page}"
            batch = msgspec.convert(self._ask(url, self._words()), list[Asset])
            found += batch
            if len(batch) < PAGE:
                return found
            page += 1

    def piece(self, asset: Asset) -> Piece:
        """An asset as bytes to fetch; a token goes to the API alone, which leads to where the bytes are."""
        kind, _, digest = (asset.digest or "").partition(":")
        return Piece(
            url=f"{self._repository}/releases/assets/{asset.id}",
            size_bytes=asset.size,
            sha256=digest if kind == "sha256" else "",
            identity=f"{asset.id} {asset.updated_at} {asset.digest or ''}",
            headers={**BYTES, **self._token},
            words=self._words(f"{asset.name} of {self.what}"),
        )

    def _release(self) -> ReleaseView:
        tag = quote(self._tag, safe="")
        try:
            return msgspec.convert(
                self._ask(f"{self._repository}/releases/tags/{tag}", self._words()),
                ReleaseView,
            )
        except SourceError as err:
            if self._is_draft():
                message = f"{self.what} is a draft, which has no public assets yet"
                raise SourceError(message, hint=f"gh release edit {self._tag} --draft=false") from err
            raise

    def _is_draft(self) -> bool:
        """GitHub answers 404 for a draft's tag, but lists drafts to those who may write."""
        try:
            listed = self._ask(f"{self._repository}/releases?per_page={PAGE}", self._words())
        except (SourceError, TokenError):
            return False
        return any(view.draft and view.tag_name == self._tag for view in msgspec.convert(listed, list[ReleaseView]))

    def _ask(self, url: str, words: Words) -> object:
        answer: object = json_of(self._web, url, {**API, **self._token}, words)
        return answer

    def _words(self, what: str = "") -> Words:
        may = "a job needs `permissions: contents: read`, a terminal `export GITHUB_TOKEN=$(gh auth token)`"
        return Words(
            what=what or self.what,
            on_401="GITHUB_TOKEN is wrong or has expired: set another one, or none for a public repository",
            on_403=may,
            on_404=f"gh release create {self._tag} FILES makes it with its assets; for a private repository {may}",
        )


def _bearer(environment: Mapping[str, str]) -> dict[str, str]:
    if not environment.get(TOKENS[0], "").strip():
        return {}
    return {"Authorization": f"Bearer {token_of(environment, TOKENS, 'the release on GitHub')}"}


def _listed(assets: Sequence[Asset]) -> str:
    names = sorted(asset.name for asset in assets)
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _missing(pattern: str, assets: Sequence[Asset], what: str, tag: str) -> SourceError:
    names = sorted(asset.name for asset in assets)
    if not names:
        return SourceError(f"{what} has no assets", hint=f"gh release upload {tag} FILES adds them")
    near = difflib.get_close_matches(pattern, names, 1)
    hint = f'did you mean "release:{near[0]}"? ' if near else ""
    return SourceError(
        f"{what} has no asset {pattern}; it has {_listed(assets)}", hint=f"{hint}name one of these in checkpoint"
    )


def _joined(assets: Sequence[Asset], what: str) -> dict[str, list[Asset]]:
    """Assets by the file that they are or are part of, parts in order. Raises SourceError where a part is missing."""
    whole = {asset.name: [asset] for asset in assets}
    parts: dict[str, dict[str, Asset]] = {}
    for asset in assets:
        match = NUMBERED.fullmatch(asset.name)
        if match:
            parts.setdefault(match["name"], {})[match["part"] or match["number"]] = asset
    for name, by_number in parts.items():
        ranks = {_rank(number): asset for number, asset in by_number.items()}
        first, last = min(ranks), max(ranks)
        gaps = [rank for rank in range(min(first, 1) if first else 0, last + 1) if rank not in ranks]
        if gaps or name in whole or len(ranks) != len(by_number):
            said = "is there whole and in parts" if name in whole else f"lacks a part between its {len(ranks)} parts"
            message = f"{what}: {name} {said}"
            raise SourceError(message, hint="upload the missing part, or name the right assets in checkpoint")
        for asset in by_number.values():
            del whole[asset.name]
        whole[name] = [ranks[rank] for rank in sorted(ranks)]
    return dict(sorted(whole.items()))


def _rank(number: str) -> int:
    """`07` is 7; `aa`, `ab` of split are 0, 1."""
    if number.isdigit():
        return int(number)
    rank = 0
    for letter in number:
        rank = rank * 26 + ord(letter) - ord("a")
    return rank
