"""A repository on the Hub: `hf://ORG/NAME@REVISION[/path]`, `{tag}` in the revision. What a branch names is pinned.

Reads HF_ENDPOINT, and PODIUM_HUB_READ_TOKEN or HF_TOKEN where there is one: a public repository needs none.
huggingface_hub lists the files; their bytes come through our own transfer, which goes on where another process was cut.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from podium.convert.golden import FILE_NAME as GOLDEN
from podium.errors import SourceError, TokenRefusedError, TokenScopeError, UsageError
from podium.hub import DEFAULT_HUB, HUB_TOKENS
from podium.sources.seam import Located, Piece, RemoteFile
from podium.sources.web import AGAIN
from podium.sources.words import Words
from podium.tokens import address_of, token_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoSibling

    from podium.sources.seam import Asked
    from podium.sources.web import Web

TOKENS = ("PODIUM_HUB_READ_TOKEN", *HUB_TOKENS)
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
ADDRESS = re.compile(rf"hf://(?P<id>{NAME}/{NAME})(?:@(?P<revision>refs/pr/\d+|[^/\s]+))?(?:/(?P<path>\S+))?")
# The same weights once more, for other loaders.
OTHER_WEIGHTS = (".bin", ".pt", ".pth", ".h5", ".msgpack", ".onnx", ".gguf", ".ot", ".ckpt")


class HubRepository:
    """Entry of the table of sources."""

    def locate(self, asked: Asked, web: Web) -> Located:
        """Pin the revision and list its files. Raises UsageError, SourceError, TokenError."""
        match = ADDRESS.fullmatch(asked.address)
        if match is None or not match["revision"]:
            message = f"{asked.address} does not say which revision"
            raise UsageError(message, hint="write hf://ORG/NAME@REVISION, for example hf://acme/small@{tag}")
        if "{tag}" in asked.address and not asked.tag:
            message = f"{asked.address} needs a release tag"
            raise UsageError(message, hint="pass --tag v1.0.0, or name a checkpoint to try out")
        name, path = match["id"], asked.with_tag(match["path"] or "").strip("/")
        desk = _Desk(asked, name, asked.with_tag(match["revision"]))
        chosen = _chosen(desk.siblings, path)
        if not chosen:
            message = f"{desk.what} has no {path or 'files'}"
            raise SourceError(message, hint=f"name one of: {', '.join(sorted(desk.siblings)[:12])}")
        is_file = path in desk.siblings
        prefix = path.rpartition("/")[0] if is_file else path
        files = [
            RemoteFile(path=there.removeprefix(f"{prefix}/" if prefix else ""), pieces=(desk.piece(there),))
            for there in chosen
        ]
        address = f"hf://{name}@{desk.commit}" + (f"/{path}" if path else "")
        return Located(address=address, files=tuple(files), only=path.rpartition("/")[2] if is_file else "")


def _chosen(siblings: Mapping[str, Any], path: str) -> list[str]:
    """The files of a folder, less hidden ones and weights for other loaders; or a file with what stands beside it."""
    if path in siblings:
        folder = path.rpartition("/")[0]
        near = [name for name in siblings if name.rpartition("/")[0] == folder]
        beside = [name for name in near if name.endswith(".json") or name.rpartition("/")[2] == GOLDEN]
        return sorted({path, *beside})
    below = [name for name in siblings if not path or name.startswith(f"{path}/")]
    below = [name for name in below if not any(part.startswith(".") for part in name.split("/"))]
    if any(name.endswith((".safetensors", ".apr")) for name in below):
        below = [name for name in below if not name.endswith(OTHER_WEIGHTS)]
    return sorted(below)


class _Desk:
    """Questions about one revision of one repository."""

    def __init__(self, asked: Asked, name: str, revision: str) -> None:
        from huggingface_hub import HfApi

        self.what = f"{name} at {revision} on the Hub"
        endpoint = address_of(asked.environment, "HF_ENDPOINT", DEFAULT_HUB)
        self._token = _token(asked.environment)
        self._api: HfApi = HfApi(endpoint=endpoint, token=self._token or False)
        self._name, self._words = name, _words(self.what, name)
        info = self._info(revision)
        self.commit: str = info.sha or ""
        self.siblings: dict[str, RepoSibling] = {file.rfilename: file for file in info.siblings or []}

    def piece(self, path: str) -> Piece:
        """A file as bytes to fetch, at the pinned commit."""
        from huggingface_hub import hf_hub_url

        file = self.siblings[path]
        digest = file.lfs.sha256 if file.lfs else ""
        url = hf_hub_url(self._name, path, revision=self.commit, endpoint=self._api.endpoint)
        return Piece(
            url=url,
            size_bytes=file.size or 0,
            sha256=digest,
            blob_sha1="" if digest else (file.blob_id or ""),
            identity=digest or f"{self.commit} {file.blob_id}",
            headers={"Authorization": f"Bearer {self._token}"} if self._token else {},
            words=_words(f"{path} of {self.what}", self._name),
        )

    def _info(self, revision: str) -> Any:
        from httpx2 import HTTPError
        from huggingface_hub import errors

        try:
            return self._api.model_info(self._name, revision=revision, files_metadata=True)
        except errors.GatedRepoError as err:
            message = f"{self.what} is gated, and this token was not let in"
            raise TokenScopeError(message, hint=self._words.on_403) from err
        except errors.RevisionNotFoundError as err:
            message = f"{self.what}: there is no such revision"
            raise SourceError(message, hint=f"{_known(self._api, self._name)}; correct checkpoint, or push it") from err
        except errors.RepositoryNotFoundError as err:
            message = f"{self.what}: there is no such repository, or this token may not see it"
            raise SourceError(message, hint=self._words.on_404) from err
        except errors.HfHubHTTPError as err:
            _refuse(err.response.status_code, self._words, err)
        except HTTPError as err:
            message = f"{self.what} could not be reached: {type(err).__name__}"
            raise SourceError(message, hint=AGAIN) from err


def _refuse(status: int, words: Words, err: Exception) -> NoReturn:
    message = f"{words.what}: the Hub answered {status}"
    if status == 401:
        raise TokenRefusedError(message, hint=words.on_401) from err
    if status == 403:
        raise TokenScopeError(message, hint=words.on_403) from err
    raise SourceError(message, hint=AGAIN) from err


def _known(api: HfApi, name: str) -> str:
    """The revisions that can be named, where the Hub tells them."""
    from httpx2 import HTTPError
    from huggingface_hub.errors import HfHubHTTPError

    try:
        refs = api.list_repo_refs(name)
    except (HfHubHTTPError, HTTPError):
        return "the Hub's page of the repository lists its revisions"
    known: Sequence[str] = [ref.name for ref in (*refs.tags, *refs.branches)]
    return f"it has {', '.join(known[:12])}"


def _token(environment: Mapping[str, str]) -> str:
    if not any(environment.get(name, "").strip() for name in TOKENS):
        return ""
    return token_of(environment, TOKENS, "the checkpoint on the Hub")


def _words(what: str, name: str) -> Words:
    ask = f"ask for access on the page of {name}, then set {TOKENS[0]} to a read token of that account"
    return Words(
        what=what,
        on_401=f"{TOKENS[0]} (or {HUB_TOKENS[0]}) is wrong or has expired: set another one, or none",
        on_403=ask,
        on_404=f"correct the name; if it is private or gated, {ask}",
    )
