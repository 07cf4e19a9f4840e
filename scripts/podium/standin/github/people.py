"""GitHub routes for what people do beside podium: update a branch, lock, draft, rename and move."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from podium.records import Name
from podium.standin.access import pusher
from podium.standin.exchange import Refusal, Reply
from podium.standin.github.addresses import node_id
from podium.standin.github.pulls import PULL, pull_of
from podium.standin.github.repositories import REPOSITORY, repository_of
from podium.standin.github.views import api, commit_view, repository_view
from podium.standin.moves import rename_repository
from podium.standin.state import WEB_FLOW, signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.standin.exchange import Request
    from podium.standin.state import Pull, RepositoryState, Store

_MUTATION = re.compile(r"\b(convertPullRequestToDraft|markPullRequestReadyForReview)\b")


class ChangedRepository(msgspec.Struct):
    """Body of PATCH repository, as far as it is known here."""

    name: Name | None = None
    archived: bool | None = None


class NewOwner(msgspec.Struct):
    """Body of POST transfer."""

    new_owner: Name
    new_name: Name | None = None


class NewBranchName(msgspec.Struct):
    """Body of POST rename of a branch."""

    new_name: str


class UpdatedBranch(msgspec.Struct):
    """Body of PUT update-branch."""

    expected_head_sha: str | None = None


class Subject(msgspec.Struct, rename="camel"):
    """What a GraphQL mutation works on."""

    pull_request_id: str


class Variables(msgspec.Struct):
    """Variables of a GraphQL mutation."""

    input: Subject


class Mutation(msgspec.Struct):
    """Body of POST graphql."""

    query: str
    variables: Variables


class People:
    """The routes, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[tuple[str, str, Callable[[Request], Reply]]]:
        """Rows for the router."""
        return [
            ("PATCH", REPOSITORY, self.change),
            ("POST", f"{REPOSITORY}/transfer", self.transfer),
            ("POST", f"{REPOSITORY}/branches/{{branch}}/rename", self.rename_branch),
            ("PUT", f"{PULL}/update-branch", self.update_branch),
            ("POST", "/api/graphql", self.mutate),
        ]

    def change(self, request: Request) -> Reply:
        """Rename or archive a repository."""
        repository = repository_of(self._store, request)
        pusher(request, repository)
        body = request.parse(ChangedRepository)
        repository.archived = repository.archived if body.archived is None else body.archived
        self._rename(repository, f"{repository.owner}/{body.name or repository.full_name.split('/')[1]}")
        return Reply(200, repository_view(self._store, request, repository, deep=True))

    def transfer(self, request: Request) -> Reply:
        """Move a repository to another owner."""
        repository = repository_of(self._store, request)
        pusher(request, repository)
        body = request.parse(NewOwner)
        self._rename(repository, f"{body.new_owner}/{body.new_name or repository.full_name.split('/')[1]}")
        return Reply(202, repository_view(self._store, request, repository))

    def _rename(self, repository: RepositoryState, name: str) -> None:
        if name in self._store.state.repositories and name != repository.full_name:
            raise Refusal(422, "Repository creation failed.", errors=[{"field": "name", "code": "custom"}])
        if name != repository.full_name:
            rename_repository(self._store, repository, name)
        self._store.save()

    def rename_branch(self, request: Request) -> Reply:
        """Rename a branch; open pull requests into it and from it follow."""
        repository = repository_of(self._store, request)
        pusher(request, repository)
        old, new = request.parts["branch"], request.parse(NewBranchName).new_name
        git = self._store.git(repository)
        head = git.ref(f"refs/heads/{old}")
        if head is None:
            raise Refusal(404, "Branch not found")
        git.set_ref(f"refs/heads/{new}", head)
        for pull in repository.pulls:
            pull.base = new if pull.base == old and pull.state == "open" else pull.base
            pull.head = new if pull.head == old else pull.head
        git.delete_ref(f"refs/heads/{old}")
        repository.renamed_branches[old] = new
        repository.default_branch = new if repository.default_branch == old else repository.default_branch
        self._store.save()
        url = f"{api(request, repository)}/branches/{new}"
        links = {"self": url, "html": f"{request.base}/{repository.full_name}/tree/{new}"}
        view = {"name": new, "commit": commit_view(self._store, request, repository, git.read_commit(head))}
        protection = {"protected": False, "protection": {"enabled": False}, "protection_url": f"{url}/protection"}
        return Reply(201, {**view, "_links": links, **protection})

    def update_branch(self, request: Request) -> Reply:
        """Merge the base into the head branch, as whoever asks; GitHub is the committer."""
        repository, pull = pull_of(self._store, request)
        user = pusher(request, repository)
        expected = request.parse(UpdatedBranch).expected_head_sha
        if expected not in {None, pull.head_sha}:
            raise Refusal(422, "expected head sha didn't match current head ref.")
        head = self._store.state.repositories[pull.head_repository]
        git = self._store.git(head)
        base = git.ref(f"refs/heads/{pull.base}")
        tree = git.merge_trees(pull.head_sha, base) if base and not git.is_ancestor(base, pull.head_sha) else None
        if base is None or tree is None:
            raise Refusal(422, "There are no new commits on the base branch, or they conflict.")
        author = signature(user.login, self._store.seconds())
        committer = msgspec.structs.replace(WEB_FLOW, seconds=author.seconds)
        text = f"Merge branch '{pull.base}' into {pull.head}"
        git.set_ref(f"refs/heads/{pull.head}", git.write_commit(tree, [pull.head_sha, base], text, author, committer))
        self._store.follow_branch(head, f"refs/heads/{pull.head}")
        message = {"message": "Updating pull request branch.", "url": f"{api(request, repository)}/pulls/{pull.number}"}
        return Reply(202, message)

    def mutate(self, request: Request) -> Reply:
        """The two mutations that only GraphQL has: to a draft and back."""
        body = request.parse(Mutation)
        name = _MUTATION.search(body.query)
        repository, pull = self._pull(body.variables.input.pull_request_id)
        if name is None:
            raise Refusal(400, "stand-in: no such mutation")
        pusher(request, repository)
        pull.draft = name[1] == "convertPullRequestToDraft"
        self._store.save()
        return Reply(200, {"data": {name[1]: {"pullRequest": {"isDraft": pull.draft}}}})

    def _pull(self, identity: str) -> tuple[RepositoryState, Pull]:
        for repository in self._store.state.repositories.values():
            for pull in repository.pulls:
                if node_id("PR", pull.id) == identity:
                    return repository, pull
        raise Refusal(404, "Not Found")
