"""GitHub routes about releases and their assets, and Git LFS: bytes come from another host, with no token."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Literal

import msgspec

from podium.files import atomic_writer, sha256_bytes, sha256_file, write_atomic
from podium.records import Count, Sha256
from podium.standin.access import can_push, pusher
from podium.standin.exchange import Refusal, Reply, page_of, ranged
from podium.standin.github.addresses import node_id
from podium.standin.github.repositories import REPOSITORY, repository_of
from podium.standin.github.views import api, user_view
from podium.standin.state import Asset, ReleaseState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from podium.standin.exchange import Json, Request
    from podium.standin.state import RepositoryState, Store

# What GITHUB_SERVER_URL names; a Hub repository's Git LFS has the same path below the root.
GIT_HOST = "/git-host"
LFS_BATCH = f"{GIT_HOST}/{{owner}}/{{name}}.git/info/lfs/objects/batch"
CONTENT = "/github-content/{oid}"
# GitHub takes assets on a host of its own.
UPLOADS = "/uploads/repos/{owner}/{name}/releases/{id}/assets"
OVER_QUOTA = (
    "This repository exceeded its LFS budget. The account responsible for the budget should increase it to restore "
    "access."
)


class NewRelease(msgspec.Struct):
    """Body of POST releases."""

    tag_name: str
    draft: bool = False


class ReleaseEdit(msgspec.Struct):
    """Body of PATCH releases/{id}, of which `gh release create` and `edit` need this."""

    draft: bool | None = None


class Object(msgspec.Struct):
    """One object of a batch."""

    oid: Sha256
    size: Count


class Batch(msgspec.Struct):
    """Body of a Git LFS batch."""

    operation: Literal["download", "upload"]
    objects: list[Object]


class Releases:
    """The routes, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[tuple[str, str, Callable[[Request], Reply]]]:
        """Rows for the router."""
        return [
            ("GET", f"{REPOSITORY}/releases", self.listed),
            ("POST", f"{REPOSITORY}/releases", self.create),
            ("GET", f"{REPOSITORY}/releases/tags/{{tag}}", self.by_tag),
            ("GET", f"{REPOSITORY}/releases/assets/{{id}}", self.asset),
            ("GET", f"{REPOSITORY}/releases/{{id}}", self.by_id),
            ("PATCH", f"{REPOSITORY}/releases/{{id}}", self.edit),
            ("GET", f"{REPOSITORY}/releases/{{id}}/assets", self.assets),
            ("POST", UPLOADS, self.upload),
            ("POST", LFS_BATCH, self.lfs),
            ("GET", CONTENT, self.content),
            ("GET", f"{CONTENT}/{{name}}", self.content),
        ]

    def listed(self, request: Request) -> Reply:
        """All releases; drafts for those who may push."""
        repository = repository_of(self._store, request)
        is_writer = can_push(request.user, repository)
        seen = [release for release in repository.releases if is_writer or not release.draft]
        return page_of(request, [self._view(request, repository, release) for release in seen])

    def create(self, request: Request) -> Reply:
        """A new release."""
        repository = repository_of(self._store, request)
        pusher(request, repository)
        wanted = request.parse(NewRelease)
        if any(release.tag == wanted.tag_name for release in repository.releases):
            code = {"resource": "Release", "code": "already_exists", "field": "tag_name"}
            raise Refusal(422, "Validation Failed", errors=[code])
        added = self.add(repository, wanted.tag_name, draft=wanted.draft)
        return Reply(201, self._view(request, repository, added))

    def add(self, repository: RepositoryState, tag: str, *, draft: bool = False) -> ReleaseState:
        """A release without assets."""
        added = ReleaseState(id=self._store.new_id(), tag=tag, draft=draft, created_at=self._store.now())
        repository.releases.append(added)
        self._store.save()
        return added

    def by_tag(self, request: Request) -> Reply:
        """The published release of a tag; a draft is not found."""
        repository = repository_of(self._store, request)
        for release in repository.releases:
            if release.tag == request.parts["tag"] and not release.draft:
                return Reply(200, self._view(request, repository, release))
        raise Refusal(404, "Not Found")

    def by_id(self, request: Request) -> Reply:
        """One release."""
        repository = repository_of(self._store, request)
        return Reply(200, self._view(request, repository, self._release(request, repository)))

    def edit(self, request: Request) -> Reply:
        """Publish a draft, as gh does once all assets are there."""
        repository = repository_of(self._store, request)
        pusher(request, repository)
        release = self._release(request, repository)
        draft = request.parse(ReleaseEdit).draft
        release.draft = release.draft if draft is None else draft
        self._store.save()
        return Reply(200, self._view(request, repository, release))

    def assets(self, request: Request) -> Reply:
        """The assets of a release."""
        repository = repository_of(self._store, request)
        release = self._release(request, repository)
        return page_of(request, [self._asset_view(request, repository, asset) for asset in release.assets])

    def upload(self, request: Request) -> Reply:
        """A new asset; the real one has a host of its own for that."""
        repository = repository_of(self._store, request)
        pusher(request, repository)
        release = self._release(request, repository)
        oid = sha256_bytes(request.body)
        write_atomic(self._store.large_file(oid), request.body)
        asset = self._note(release, request.query["name"], oid, len(request.body))
        return Reply(201, self._asset_view(request, repository, asset))

    def attach(self, release: ReleaseState, path: Path, name: str) -> None:
        """A new asset from a file, or the one of that name anew."""
        oid = keep_large(self._store, path)
        self._note(release, name, oid, path.stat().st_size)

    def _note(self, release: ReleaseState, name: str, oid: str, size: int) -> Asset:
        release.assets = [asset for asset in release.assets if asset.name != name]
        now = self._store.now()
        asset = Asset(id=self._store.new_id(), name=name, size_bytes=size, sha256=oid, updated_at=now)
        release.assets.append(asset)
        self._store.save()
        return asset

    def asset(self, request: Request) -> Reply:
        """An asset's facts, or a redirect to its bytes on another host."""
        repository = repository_of(self._store, request)
        for release in repository.releases:
            for asset in release.assets:
                if str(asset.id) == request.parts["id"]:
                    if "octet-stream" not in request.headers.get("Accept", ""):
                        return Reply(200, self._asset_view(request, repository, asset))
                    return Reply(302, None, {"Location": elsewhere(request, asset.sha256)})
        raise Refusal(404, "Not Found")

    def lfs(self, request: Request) -> Reply:
        """Where large files of a repository are."""
        repository = repository_of(self._store, request)
        if repository.is_over_quota:
            raise Refusal(403, OVER_QUOTA)
        answers: list[Json] = []
        for item in request.parse(Batch).objects:
            answer: Json = {"oid": item.oid, "size": item.size}
            if self._store.large_file(item.oid).is_file():
                answer["actions"] = {"download": {"href": elsewhere(request, item.oid), "header": {}}}
            else:
                answer["error"] = {"code": 404, "message": "Object does not exist on the server"}
            answers.append(answer)
        return Reply(200, {"transfer": "basic", "objects": answers}, content_type="application/vnd.git-lfs+json")

    def content(self, request: Request) -> Reply:
        """Bytes at a signed address: a token beside the signature is refused, as storage hosts do."""
        if "Authorization" in request.headers:
            raise Refusal(400, "Only one auth mechanism allowed")
        path = self._store.large_file(request.parts["oid"])
        if not path.is_file():
            raise Refusal(404, "The specified blob does not exist.")
        return ranged(request, path, {"ETag": f'"{request.parts["oid"]}"'})

    def _release(self, request: Request, repository: RepositoryState) -> ReleaseState:
        for release in repository.releases:
            if str(release.id) == request.parts["id"] and (not release.draft or can_push(request.user, repository)):
                return release
        raise Refusal(404, "Not Found")

    def _view(self, request: Request, repository: RepositoryState, release: ReleaseState) -> Json:
        url = f"{api(request, repository)}/releases/{release.id}"
        page = f"{request.base}/{repository.full_name}/releases"
        uploads = f"{request.base}/uploads/repos/{repository.full_name}"
        return {
            "id": release.id,
            "node_id": node_id("RE", release.id),
            "tag_name": release.tag,
            "target_commitish": repository.default_branch,
            "name": release.tag,
            "body": "",
            "draft": release.draft,
            "prerelease": False,
            "created_at": release.created_at,
            "published_at": None if release.draft else release.created_at,
            "author": user_view(self._store, request, repository.owner),
            "assets": [self._asset_view(request, repository, asset) for asset in release.assets],
            "url": url,
            "assets_url": f"{url}/assets",
            "upload_url": f"{uploads}/releases/{release.id}/assets{{?name,label}}",
            "html_url": f"{page}/tag/{release.tag}",
            "tarball_url": f"{api(request, repository)}/tarball/{release.tag}",
            "zipball_url": f"{api(request, repository)}/zipball/{release.tag}",
        }

    def _asset_view(self, request: Request, repository: RepositoryState, asset: Asset) -> Json:
        return {
            "id": asset.id,
            "node_id": node_id("RA", asset.id),
            "name": asset.name,
            "label": "",
            "state": "uploaded",
            "content_type": "application/octet-stream",
            "size": asset.size_bytes,
            "digest": f"sha256:{asset.sha256}",
            "download_count": 0,
            "created_at": asset.updated_at,
            "updated_at": asset.updated_at,
            "uploader": user_view(self._store, request, repository.owner),
            "url": f"{api(request, repository)}/releases/assets/{asset.id}",
            "browser_download_url": f"{request.base}/{repository.full_name}/releases/download/{asset.name}",
        }


def elsewhere(request: Request, oid: str) -> str:
    """The address of bytes, on a host of another name."""
    base = request.base.replace("127.0.0.1", "localhost")
    return f"{base}{CONTENT.format(oid=oid)}?signature=x"


def keep_large(store: Store, path: Path) -> str:
    """Keep a copy of a file among the large ones; returns its SHA-256."""
    oid = sha256_file(path)
    with atomic_writer(store.large_file(oid)) as target, path.open("rb") as stream:
        shutil.copyfileobj(stream, target)
    return oid
