"""Hub routes about tags of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.standin.exchange import Refusal, Reply
from podium.standin.hub.files import hub_commit_of, hub_of, hub_user, is_writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.standin.exchange import Request
    from podium.standin.state import Store


class NewTag(msgspec.Struct):
    """Body of POST tag."""

    tag: str
    message: str | None = None


class HubTags:
    """The routes, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[tuple[str, str, Callable[[Request], Reply]]]:
        """Rows for the router."""
        return [("POST", "/api/{kinds}/{owner}/{name}/tag/{revision}", self.create)]

    def create(self, request: Request) -> Reply:
        """Name a commit; a name is given once."""
        repository = hub_of(self._store, request)
        if not is_writer(hub_user(request), repository):
            raise Refusal(403, f"You don't have write access to {repository.id}")
        git = self._store.hub_git(repository)
        commit = hub_commit_of(git, request.parts["revision"])
        ref = f"refs/tags/{request.parse(NewTag).tag}"
        if git.ref(ref) is not None:
            raise Refusal(409, f"Tag reference exists already: {ref}")
        git.set_ref(ref, commit)
        return Reply(200, {})
