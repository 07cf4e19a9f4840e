"""Addresses and constant facts that fill GitHub's answers: its description asks for them, nobody here follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podium.standin.exchange import Json

_ACCOUNT = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_OWN_ACCOUNT = ("collaborators", "disk_usage", "owned_private_repos", "private_gists", "total_private_repos")
_REPOSITORY = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
_SWITCHES = ("has_issues", "has_projects", "has_wiki", "has_pages", "has_discussions", "has_downloads")
_COUNTS = ("forks", "forks_count", "watchers", "watchers_count", "stargazers_count", "network_count", "size")
_UNKNOWN = ("description", "homepage", "language", "mirror_url", "license")


def node_id(kind: str, identity: int | str) -> str:
    """GitHub's other name of anything; opaque to clients."""
    return f"{kind}_{identity}"


def account_filler(url: str, page: str) -> Json:
    """What every account has beside its own facts."""
    filler: Json = {name: url + path for name, path in _ACCOUNT.items()}
    return {**filler, "avatar_url": f"{page}.png", "gravatar_id": ""}


def profile_filler(since: str, *, is_own: bool) -> Json:
    """What a profile asked for by itself adds; one's own shows more."""
    texts = dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location"))
    own = {**dict.fromkeys(_OWN_ACCOUNT, 0), "two_factor_authentication": True} if is_own else {}
    counts = dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0)
    view = "private" if is_own else "public"
    return {**texts, **counts, **own, "user_view_type": view, "created_at": since, "updated_at": since}


def repository_filler(url: str, page: str, since: str) -> Json:
    """What every repository has beside its own facts."""
    addresses = {name: url + path for name, path in _REPOSITORY.items()}
    clones = {"git_url": f"git:{page}.git", "ssh_url": f"git@{page}.git", "svn_url": page}
    facts = {**dict.fromkeys(_SWITCHES, False), **dict.fromkeys(_COUNTS, 0), **dict.fromkeys(_UNKNOWN)}
    return {**addresses, **clones, **facts, "subscribers_count": 0, "pushed_at": since, "updated_at": since}


def pull_filler(url: str, issue: str, page: str, repository: str, sha: str) -> Json:
    """What every pull request has beside its own facts."""
    links = {
        "self": url,
        "html": page,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{repository}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{repository}/statuses/{sha}",
    }
    return {
        "_links": {name: {"href": address} for name, address in links.items()},
        "patch_url": f"{page}.patch",
        "review_comment_url": links["review_comment"],
        "statuses_url": links["statuses"],
        **dict.fromkeys(("assignee", "milestone", "auto_merge")),
    }
