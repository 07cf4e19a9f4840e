"""GitHub's JSON: how users, repositories, commits, differences and pull requests look in answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from podium.standin.access import can_push
from podium.standin.github.addresses import account_filler, node_id, pull_filler, repository_filler

if TYPE_CHECKING:
    from podium.standin.exchange import Json, Request
    from podium.standin.gitstore import Commit, Entry, GitRepository, Signature
    from podium.standin.state import Comment, Pull, RepositoryState, Review, Store

# GitHub leaves the patch out for large differences.
PATCH_BYTES = 200_000
MAXIMUM_FILES = 3000


def api(request: Request, repository: RepositoryState | str) -> str:
    """API address of a repository."""
    name = repository if isinstance(repository, str) else repository.full_name
    return f"{request.base}/api/v3/repos/{name}"


def user_view(store: Store, request: Request, login: str) -> Json:
    """An account; whoever has no token in the world counts as an organization."""
    person = "Bot" if login.endswith("[bot]") else "User"
    kind = person if login in store.state.users else "Organization"
    url, page = f"{request.base}/api/v3/users/{login}", f"{request.base}/{login}"
    return {
        **account_filler(url, page),
        "login": login,
        "id": store.number_of(login),
        "node_id": node_id("U", login),
        "type": kind,
        "site_admin": False,
        "name": login,
        "url": url,
        "html_url": page,
    }


def repository_view(store: Store, request: Request, repository: RepositoryState, *, deep: bool = False) -> Json:
    """A repository; `deep` adds parent and source of a fork."""
    push = can_push(request.user, repository)
    url, page = api(request, repository), f"{request.base}/{repository.full_name}"
    opened = sum(pull.state == "open" for pull in repository.pulls)
    view: Json = {
        **repository_filler(url, page, repository.created_at),
        "id": repository.id,
        "node_id": node_id("R", repository.id),
        "name": repository.full_name.split("/")[1],
        "full_name": repository.full_name,
        "owner": user_view(store, request, repository.owner),
        "private": False,
        "visibility": "public",
        "fork": repository.parent is not None,
        "archived": repository.archived,
        "disabled": False,
        "default_branch": repository.default_branch,
        "permissions": {"admin": push, "maintain": push, "push": push, "triage": push, "pull": True},
        "url": url,
        "html_url": page,
        "clone_url": f"{page}.git",
        "created_at": repository.created_at,
        "open_issues": opened,
        "open_issues_count": opened,
    }
    if deep and repository.parent is not None:
        parent = store.state.repositories[repository.parent]
        network = [known for known in store.state.repositories.values() if known.network == repository.network]
        source = next(known for known in network if known.parent is None)
        view["parent"] = repository_view(store, request, parent)
        view["source"] = repository_view(store, request, source)
    return view


def _identity(who: Signature) -> Json:
    date = datetime.fromtimestamp(who.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"name": who.name, "email": who.email, "date": date}


def git_commit_view(request: Request, repository: RepositoryState, commit: Commit) -> Json:
    """A commit as the git database API shows it."""
    url, page = api(request, repository), f"{request.base}/{repository.full_name}/commit"
    return {
        "sha": commit.sha,
        "node_id": node_id("C", commit.sha),
        "url": f"{url}/git/commits/{commit.sha}",
        "html_url": f"{page}/{commit.sha}",
        "author": _identity(commit.author),
        "committer": _identity(commit.committer),
        "message": commit.message,
        "tree": {"sha": commit.tree, "url": f"{url}/git/trees/{commit.tree}"},
        "parents": [
            {"sha": sha, "url": f"{url}/git/commits/{sha}", "html_url": f"{page}/{sha}"} for sha in commit.parents
        ],
        "verification": {
            "verified": False,
            "reason": "unsigned",
            "signature": None,
            "payload": None,
            "verified_at": None,
        },
    }


def commit_view(store: Store, request: Request, repository: RepositoryState, commit: Commit) -> Json:
    """A commit as the repository API shows it."""
    url = api(request, repository)
    author, committer = store.login_of(commit.author), store.login_of(commit.committer)
    git_view = git_commit_view(request, repository, commit)
    return {
        "sha": commit.sha,
        "node_id": git_view["node_id"],
        "comments_url": f"{url}/commits/{commit.sha}/comments",
        "url": f"{url}/commits/{commit.sha}",
        "html_url": f"{request.base}/{repository.full_name}/commit/{commit.sha}",
        "commit": {**git_view, "comment_count": 0},
        "author": user_view(store, request, author) if author else None,
        "committer": user_view(store, request, committer) if committer else None,
        "parents": [{"sha": sha, "url": f"{url}/commits/{sha}"} for sha in commit.parents],
    }


def tree_entry_view(request: Request, repository: RepositoryState, entry: Entry) -> Json:
    """One line of a tree listing."""
    view: Json = {
        "path": entry.path,
        "mode": entry.mode,
        "type": entry.kind,
        "sha": entry.sha,
        "url": f"{api(request, repository)}/git/{entry.kind}s/{entry.sha}",
    }
    if entry.size_bytes is not None:
        view["size"] = entry.size_bytes
    return view


def _patches(git: GitRepository, old: str, new: str, count: int) -> list[str | None]:
    text = git.patch(old, new)
    pieces = ("\n" + text).split("\ndiff --git ")[1:]
    if len(pieces) != count:  # a file whose own text has such a line
        return [None] * count
    return [piece[piece.index("@@") :] if "\n@@" in piece and len(piece) <= PATCH_BYTES else None for piece in pieces]


def files_view(request: Request, repository: RepositoryState, git: GitRepository, old: str, new: str) -> list[Json]:
    """Files that differ between two commits, at most as many as GitHub lists."""
    changes = git.diff(old, new)
    patches = _patches(git, old, new, len(changes))
    views = []
    for (before, after, added, removed), patch in list(zip(changes, patches, strict=True))[:MAXIMUM_FILES]:
        entry = after or before
        if entry is None:
            continue
        additions, deletions = (0 if text == "-" else int(text) for text in (added, removed))
        view: Json = {
            "sha": entry.sha,
            "filename": entry.path,
            "status": "added" if before is None else "removed" if after is None else "modified",
            "additions": additions,
            "deletions": deletions,
            "changes": additions + deletions,
            "blob_url": f"{request.base}/{repository.full_name}/blob/{new}/{entry.path}",
            "raw_url": f"{request.base}/{repository.full_name}/raw/{new}/{entry.path}",
            "contents_url": f"{api(request, repository)}/contents/{entry.path}?ref={new}",
        }
        if patch is not None:
            view["patch"] = patch
        views.append(view)
    return views


def _end_view(store: Store, request: Request, repository_name: str, branch: str, sha: str) -> Json:
    repository = store.state.repositories.get(repository_name)
    owner = repository_name.split("/")[0]
    return {
        "label": f"{owner}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": user_view(store, request, owner),
        "repo": repository_view(store, request, repository) if repository else None,
    }


def pull_view(store: Store, request: Request, repository: RepositoryState, pull: Pull) -> Json:
    """A pull request, without the counts that only the single answer has."""
    url = f"{api(request, repository)}/pulls/{pull.number}"
    issue = f"{api(request, repository)}/issues/{pull.number}"
    page = f"{request.base}/{repository.full_name}/pull/{pull.number}"
    return {
        **pull_filler(url, issue, page, api(request, repository), pull.head_sha),
        "id": pull.id,
        "node_id": node_id("PR", pull.id),
        "author_association": _association(repository, pull.author),
        "number": pull.number,
        "state": pull.state,
        "title": pull.title,
        "body": pull.body,
        "user": user_view(store, request, pull.author),
        "draft": pull.draft,
        "locked": pull.locked,
        "maintainer_can_modify": False,
        "head": _end_view(store, request, pull.head_repository, pull.head, pull.head_sha),
        "base": _end_view(store, request, repository.full_name, pull.base, pull.base_sha),
        "labels": [label_view(request, repository, name) for name in pull.labels],
        "assignees": [],
        "requested_reviewers": [user_view(store, request, login) for login in pull.reviewers],
        "requested_teams": [],
        "created_at": pull.created_at,
        "updated_at": pull.updated_at,
        "closed_at": pull.closed_at,
        "merged_at": pull.merged_at,
        "merge_commit_sha": pull.merge_commit,
        "url": url,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "issue_url": issue,
        "comments_url": f"{issue}/comments",
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
    }


def label_view(request: Request, repository: RepositoryState, name: str) -> Json:
    """A label; the stand-in knows any name."""
    return {
        "id": sum(name.encode()),
        "node_id": node_id("LA", name),
        "name": name,
        "color": "ededed",
        "default": False,
        "description": "",
        "url": f"{api(request, repository)}/labels/{name}",
    }


def _association(repository: RepositoryState, login: str) -> str:
    return "COLLABORATOR" if login in repository.writers else "NONE"


def review_view(store: Store, request: Request, repository: RepositoryState, pull: Pull, review: Review) -> Json:
    """A review."""
    page = f"{request.base}/{repository.full_name}/pull/{pull.number}"
    address = f"{api(request, repository)}/pulls/{pull.number}"
    return {
        "id": review.id,
        "node_id": node_id("PRR", review.id),
        "_links": {"html": {"href": page}, "pull_request": {"href": address}},
        "user": user_view(store, request, review.author),
        "body": review.body,
        "state": review.state,
        "commit_id": review.commit,
        "submitted_at": review.created_at,
        "html_url": f"{page}#pullrequestreview-{review.id}",
        "pull_request_url": address,
        "author_association": _association(repository, review.author),
    }


def comment_view(store: Store, request: Request, repository: RepositoryState, pull: Pull, comment: Comment) -> Json:
    """A comment below a pull request."""
    page = f"{request.base}/{repository.full_name}/pull/{pull.number}"
    return {
        "id": comment.id,
        "node_id": node_id("IC", comment.id),
        "author_association": _association(repository, comment.author),
        "user": user_view(store, request, comment.author),
        "body": comment.body,
        "created_at": comment.created_at,
        "updated_at": comment.updated_at,
        "url": f"{api(request, repository)}/issues/comments/{comment.id}",
        "issue_url": f"{api(request, repository)}/issues/{pull.number}",
        "html_url": f"{page}#issuecomment-{comment.id}",
    }
