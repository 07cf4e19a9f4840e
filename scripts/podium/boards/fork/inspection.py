"""What a preflight asks GitHub beyond what a submission needs to know: labels, what reviewers may do, runners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from podium.boards.answers import RefusedError
from podium.boards.fork.forge import Forge

if TYPE_CHECKING:
    from collections.abc import Callable

    from github.SelfHostedActionsRunner import SelfHostedActionsRunner


class Runner(NamedTuple):
    """A machine that takes jobs: its name, its labels in lower case, and whether it is there now."""

    name: str
    labels: frozenset[str]
    is_online: bool


class Inspection(Forge):
    """A GitHub repository behind a client, looked at by reading only."""

    def has_label(self, name: str) -> bool:
        """Whether the repository has a label of that name."""
        return self._is_there(f"look for the label {name!r} of {self.repository}", lambda: self._repo.get_label(name))

    def permission_of(self, login: str) -> str:
        """What an account may do here, in GitHub's word; `unknown` for an account that does not exist."""
        try:
            with self._answers(f"look up what {login} may do in {self.repository}"):
                return self._repo.get_collaborator_permission(login)
        except RefusedError as err:
            if err.kind != "missing":
                raise
            return "unknown"

    def runners(self) -> list[Runner]:
        """The self-hosted runners of the repository. Raises TokenScopeError if the token may not see them."""
        with self._answers(f"list the runners of {self.repository}"):
            return [_runner(runner) for runner in self._repo.get_self_hosted_runners()]

    def runners_of_owner(self) -> list[Runner]:
        """The self-hosted runners that the owner shares among its repositories; none for a person's account."""
        owner = self.repository.partition("/")[0]
        try:
            with self._answers(f"list the runners of {owner}"):
                _, found = self._client.requester.requestJsonAndCheck(
                    "GET", f"/orgs/{owner}/actions/runners?per_page=100"
                )
        except RefusedError as err:
            if err.kind != "missing":
                raise
            return []
        listed = found.get("runners", [])
        return [_of(str(one.get("name")), one.get("labels", []), str(one.get("status"))) for one in listed]

    def _is_there(self, doing: str, look: Callable[[], object]) -> bool:
        try:
            with self._answers(doing):
                look()
        except RefusedError as err:
            if err.kind != "missing":
                raise
            return False
        return True


def _runner(runner: SelfHostedActionsRunner) -> Runner:
    labels: Any = runner.labels
    return _of(runner.name, labels() if callable(labels) else labels, runner.status)


def _of(name: str, labels: list[dict[str, Any]], status: str) -> Runner:
    return Runner(name, frozenset(str(label["name"]).lower() for label in labels), status == "online")
