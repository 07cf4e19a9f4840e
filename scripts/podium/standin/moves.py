"""Names that repositories and accounts had before: both services lead on from them, GitHub by the repository's number.

Sources, read on 2026-11-28: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
(redirects) and https://huggingface.co/docs/hub/repositories-settings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from podium.standin.exchange import DOCUMENTATION, Reply
from podium.standin.state import account_number

if TYPE_CHECKING:
    from podium.standin.state import Comment, HubState, RepositoryState, Review, Store

_NAMED = re.compile(r"/api/v3/repos/([^/]+/[^/]+)(/.*)?")
_NUMBERED = re.compile(r"/api/v3/repositories/(\d+)(/.*)?")
_BRANCH = re.compile(r"/api/v3/repos/([^/]+/[^/]+)/branches/([^/]+)(/.*)?")
_HUB = re.compile(r"(/api)?/(models|datasets|spaces)/([^/]+/[^/.]+)((?:\.git)?/.*)?")


def led_on(store: Store, method: str, target: str, base: str) -> Reply | None:
    """The redirect that a request to an earlier name is answered with."""
    path, mark, query = target.partition("?")
    return _github(store, method, path, mark + query, base) or _hub(store, path, mark + query)


def resolved(store: Store, path: str) -> str:
    """A request path that names a GitHub repository by number, with its name."""
    path, mark, query = path.partition("?")
    match = _NUMBERED.fullmatch(path)
    found = [known for known in store.state.repositories.values() if match and str(known.id) == match[1]]
    return (
        f"/api/v3/repos/{found[0].full_name}{match[2] or ''}{mark}{query}" if match and found else path + mark + query
    )


def _github(store: Store, method: str, path: str, query: str, base: str) -> Reply | None:
    match = _NAMED.fullmatch(path)
    if match is None:
        return None
    known = store.state.repositories.get(match[1])
    if known is None:
        moved = next((one for one in store.state.repositories.values() if match[1] in one.former_names), None)
        return _moved(method, f"{base}/api/v3/repositories/{moved.id}{match[2] or ''}{query}") if moved else None
    branch = _BRANCH.fullmatch(path)
    now = known.renamed_branches.get(branch[2]) if branch else None
    if branch is None or now is None or store.git(known).ref(f"refs/heads/{branch[2]}"):
        return None
    return _moved(method, f"{base}/api/v3/repositories/{known.id}/branches/{now}{branch[3] or ''}{query}")


def _moved(method: str, address: str) -> Reply:
    """GitHub's answer: a client may turn a request that writes into another one after 301, so these get 307."""
    status = 301 if method in {"GET", "HEAD"} else 307
    body = {"message": "Moved Permanently", "url": address, "documentation_url": DOCUMENTATION}
    return Reply(status, body, {"Location": address})


def _hub(store: Store, path: str, query: str) -> Reply | None:
    match = _HUB.fullmatch(path)
    if match is None or f"{match[2]}/{match[3]}" in store.state.hub:
        return None
    for known in store.state.hub.values():
        if known.kind == match[2].removesuffix("s") and match[3] in known.former_names:
            address = f"{match[1] or ''}/{match[2]}/{known.id}{match[4] or ''}{query}"
            return Reply(307, f"Temporary Redirect. Redirecting to {address}".encode(), {"Location": address})
    return None


def rename_repository(store: Store, repository: RepositoryState, name: str) -> None:
    """Give a GitHub repository another name or owner; what refers to it goes along."""
    old, folder = repository.full_name, store.git(repository).path
    repository.full_name = name
    repository.former_names = [*(former for former in repository.former_names if former != name), old]
    target = store.git(repository).path
    target.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(target)
    store.state.repositories = {name if key == old else key: known for key, known in store.state.repositories.items()}
    for known in store.state.repositories.values():
        known.parent = name if known.parent == old else known.parent
        for pull in known.pulls:
            pull.head_repository = name if pull.head_repository == old else pull.head_repository
    store.save()


def rename_hub(store: Store, repository: HubState, name: str) -> None:
    """Give a Hub repository another name or owner."""
    old, folder = f"{repository.kind}s/{repository.id}", store.hub_git(repository).path
    repository.former_names = [*repository.former_names, repository.id]
    repository.id = name
    target = store.hub_git(repository).path
    target.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(target)
    store.state.hub = {
        f"{repository.kind}s/{name}" if key == old else key: known for key, known in store.state.hub.items()
    }
    store.save()


def rename_user(store: Store, old: str, new: str) -> None:
    """Give an account another login; its number, its commits and what it wrote stay its own."""
    number = store.number_of(old)
    user = store.state.users.pop(old)
    store.state.users[new] = type(user)(**{**{key: getattr(user, key) for key in user.__struct_fields__}, "login": new})
    store.state.renamed_users = {str(number): new, str(account_number(old)): new}
    for repository in store.state.repositories.values():
        repository.writers = [new if login == old else login for login in repository.writers]
        for pull in repository.pulls:
            pull.author = new if pull.author == old else pull.author
            pull.reviewers = [new if login == old else login for login in pull.reviewers]
            said: list[Review | Comment] = [*pull.reviews, *pull.comments]
            for item in said:
                item.author = new if item.author == old else item.author
    for hub in store.state.hub.values():
        hub.writers = [new if login == old else login for login in hub.writers]
        for discussion in hub.discussions:
            discussion.author = new if discussion.author == old else discussion.author
            for event in discussion.events:
                event.author = new if event.author == old else event.author
    store.save()
