"""Hub routes about accounts, repositories, listings, downloads and large-file uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs

import msgspec

from podium.files import sha256_bytes, write_atomic
from podium.records import Count, Name, Sha256
from podium.standin.exchange import Refusal, Reply, ranged
from podium.standin.hub.files import (
    file_view,
    hub_commit_of,
    hub_of,
    hub_page,
    hub_user,
    is_writer,
    large_of,
    last_commit_view,
    require_entry,
    siblings_view,
)
from podium.standin.hub.results import results_view
from podium.standin.world import Space

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.standin.exchange import Json, Request
    from podium.standin.state import Store

API = "/api/{kinds}/{owner}/{name}"
MODEL_PAGE = "/{owner}/{name}"
OTHER_PAGE = "/{kinds}/{owner}/{name}"


class NewHubRepository(msgspec.Struct):
    """Body of POST repos/create."""

    name: Name
    organization: Name | None = None
    type: Literal["model", "dataset", "space"] = "model"


class LargeObject(msgspec.Struct):
    """One object of a large-file batch."""

    oid: Sha256
    size: Count


class LargeBatch(msgspec.Struct):
    """Body of a large-file batch."""

    objects: list[LargeObject]
    operation: str = "upload"


class HubRepositories:
    """The routes, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[tuple[str, str, Callable[[Request], Reply]]]:
        """Rows for the router."""
        rows: list[tuple[str, str, Callable[[Request], Reply]]] = [
            ("GET", "/api/whoami-v2", self.who),
            ("POST", "/api/validate-yaml", self.validate_yaml),
            ("POST", "/api/repos/create", self.create),
            ("GET", API, self.facts),
            ("GET", f"{API}/revision/{{revision}}", self.facts),
            ("GET", f"{API}/refs", self.refs),
            ("GET", f"{API}/commits/{{revision}}", self.commits),
            ("GET", f"{API}/auth-check", self.auth_check),
            ("GET", f"{API}/auth-check/write", self.auth_check_write),
            ("GET", f"{API}/tree/{{revision}}", self.tree),
            ("GET", f"{API}/tree/{{revision}}/{{path*}}", self.tree),
            ("POST", f"{API}/paths-info/{{revision}}", self.paths_info),
            ("PUT", "/large-files/{oid}", self.upload_large),
        ]
        for page in (OTHER_PAGE, MODEL_PAGE):
            rows += [
                ("GET", f"{page}/resolve/{{revision}}/{{path*}}", self.resolve),
                ("POST", f"{page}.git/info/lfs/objects/batch", self.large_batch),
                ("POST", f"{page}.git/info/lfs/objects/verify", self.large_verify),
            ]
        return rows

    def who(self, request: Request) -> Reply:
        """The account of the token."""
        user = request.user
        if user is None:
            raise Refusal(401, "Invalid username or password.")
        owners = {repository.id.split("/")[0] for repository in self._store.state.hub.values()}
        mine = {known.id.split("/")[0] for known in self._store.state.hub.values() if is_writer(user, known)}
        orgs = [{"type": "org", "name": owner, "roleInOrg": "write"} for owner in sorted(owners & mine)]
        token = {"displayName": "stand-in", "role": user.hub_role}
        answer = {"type": "user", "id": user.login, "name": user.login, "fullname": user.login, "isPro": False}
        return Reply(200, {**answer, "orgs": orgs, "auth": {"type": "access_token", "accessToken": token}})

    def validate_yaml(self, request: Request) -> Reply:
        """Accept any front matter."""
        return Reply(200, {"errors": [], "warnings": []})

    def create(self, request: Request) -> Reply:
        """Make a repository in the caller's account or an organization he writes to."""
        user = hub_user(request)
        body = request.parse(NewHubRepository)
        owner = body.organization or user.login
        owned = [other for other in self._store.state.hub.values() if other.id.split("/")[0] == owner]
        if owner != user.login and not any(is_writer(user, other) for other in owned):
            raise Refusal(403, f"You don't have the rights to create a {body.type} under the namespace {owner!r}")
        identity = f"{owner}/{body.name}"
        known = self._store.state.hub.get(f"{body.type}s/{identity}")
        if known is not None:
            # The client reads the address even from this refusal when the caller said exist_ok.
            return Reply(409, {"error": f"You already created this {body.type} repo", "url": hub_page(request, known)})
        added = self._store.add_hub(Space(id=identity, kind=body.type, writers=[user.login]))
        self._store.save()
        return Reply(200, {"url": hub_page(request, added), "name": identity, "id": identity})

    def facts(self, request: Request) -> Reply:
        """One repository at a revision, with its files."""
        repository = hub_of(self._store, request)
        git = self._store.hub_git(repository)
        commit = hub_commit_of(git, request.parts.get("revision", "main"))
        view: Json = {
            "_id": repository.id,
            "id": repository.id,
            "modelId": repository.id,
            "author": repository.id.split("/")[0],
            "sha": commit,
            "private": repository.is_private,
            "gated": "manual" if repository.is_gated else False,
            "disabled": False,
            "likes": 0,
            "downloads": 0,
            "tags": [],
            "createdAt": repository.created_at,
            "lastModified": last_commit_view(git, commit)["date"],
            "siblings": siblings_view(git, commit, blobs=request.flag("blobs")),
        }
        if request.query.get("expand") == "evalResults":
            view["evalResults"] = results_view(git, repository)
        return Reply(200, view)

    def refs(self, request: Request) -> Reply:
        """Branches, tags and pull request heads."""
        repository = hub_of(self._store, request)
        git = self._store.hub_git(repository)

        def listed(prefix: str) -> list[Json]:
            return [
                {"name": name.removeprefix(prefix), "ref": name, "targetCommit": sha}
                for name, sha in git.refs(prefix).items()
            ]

        view: Json = {"branches": listed("refs/heads/"), "tags": listed("refs/tags/"), "converts": []}
        if request.flag("include_prs"):
            view["pullRequests"] = listed("refs/pr/")
        return Reply(200, view)

    def commits(self, request: Request) -> Reply:
        """History of a revision, newest first."""
        git = self._store.hub_git(hub_of(self._store, request))
        views = []
        for sha in git.log(hub_commit_of(git, request.parts["revision"])):
            title, _, message = git.read_commit(sha).message.partition("\n")
            author = {"user": git.read_commit(sha).author.name}
            date = last_commit_view(git, sha)["date"]
            views.append({"id": sha, "title": title, "message": message.strip(), "authors": [author], "date": date})
        return Reply(200, views)

    def auth_check(self, request: Request) -> Reply:
        """Whether the caller may read."""
        hub_of(self._store, request)
        return Reply(200, {})

    def auth_check_write(self, request: Request) -> Reply:
        """Whether the caller may write."""
        repository = hub_of(self._store, request)
        if not is_writer(hub_user(request), repository):
            raise Refusal(403, f"You don't have write access to {repository.id}")
        return Reply(200, {})

    def tree(self, request: Request) -> Reply:
        """List a folder of a revision."""
        repository = hub_of(self._store, request)
        git = self._store.hub_git(repository)
        commit = hub_commit_of(git, request.parts["revision"])
        path = request.parts.get("path", "").strip("/")
        entries = git.entries(commit, recursive=request.flag("recursive"), path=f"{path}/" if path else "")
        if path and not entries:
            raise Refusal(404, f"{path} does not exist on {commit}", headers={"X-Error-Code": "EntryNotFound"})
        views = [file_view(git, entry) for entry in entries]
        if request.flag("expand"):
            views = [{**view, "lastCommit": last_commit_view(git, commit)} for view in views]
        return Reply(200, views)

    def paths_info(self, request: Request) -> Reply:
        """Facts about some paths; those that do not exist are left out."""
        repository = hub_of(self._store, request)
        git = self._store.hub_git(repository)
        commit = hub_commit_of(git, request.parts["revision"])
        form = parse_qs(request.body.decode())
        found = [git.find(commit, path) for path in form.get("paths", [])]
        return Reply(200, [file_view(git, entry) for entry in found if entry is not None])

    def resolve(self, request: Request) -> Reply:
        """A file's bytes, large files included."""
        repository = hub_of(self._store, request)
        require_entry(request, repository)
        git = self._store.hub_git(repository)
        commit = hub_commit_of(git, request.parts["revision"])
        entry = git.find(commit, request.parts["path"])
        if entry is None or entry.kind != "blob":
            message = f"Entry not found: {request.parts['path']}"
            raise Refusal(404, message, headers={"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
        large = large_of(git, entry)
        if large is not None:
            headers = {"ETag": f'"{large.oid}"', "X-Repo-Commit": commit}
            return ranged(request, self._store.large_file(large.oid), headers)
        headers = {"ETag": f'"{entry.sha}"', "X-Repo-Commit": commit}
        return ranged(request, git.read_blob(entry.sha), headers)

    def large_batch(self, request: Request) -> Reply:
        """Where to put large files; those already there need no upload."""
        hub_of(self._store, request)
        hub_user(request)
        answers: list[Json] = []
        for item in request.parse(LargeBatch).objects:
            answer: Json = {"oid": item.oid, "size": item.size}
            if not self._store.large_file(item.oid).is_file():
                verify = f"{request.base}{request.path.removesuffix('batch')}verify"
                actions = {"upload": {"href": f"{request.base}/large-files/{item.oid}"}, "verify": {"href": verify}}
                answer |= {"authenticated": True, "actions": actions}
            answers.append(answer)
        return Reply(200, {"transfer": "basic", "objects": answers})

    def upload_large(self, request: Request) -> Reply:
        """Take a large file. The real one is a signed address without a token, so none is asked for here."""
        oid = request.parts["oid"]
        if sha256_bytes(request.body) != oid:
            raise Refusal(400, f"the uploaded content is not sha256 {oid}")
        write_atomic(self._store.large_file(oid), request.body)
        return Reply(200, headers={"ETag": f'"{oid}"'})

    def large_verify(self, request: Request) -> Reply:
        """Whether a large file arrived whole."""
        hub_of(self._store, request)
        wanted = request.parse(LargeObject)
        path = self._store.large_file(wanted.oid)
        if not path.is_file() or path.stat().st_size != wanted.size:
            raise Refusal(404, f"object {wanted.oid} was not uploaded")
        return Reply(200, {})
