"""What the preflight sees on GitHub: each thing that podium.toml names, by its own line, without a write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from podium.boards.fork.inspection import Inspection
from podium.config import Config
from podium.doctor.github import check_github
from podium.github import build_github
from podium.standin.faults import Fault
from podium.standin.server import Standin
from podium.standin.world import BOT, FORK, LEADERBOARD, REVIEWER, Repository, Runner, User, World, default_world
from podium.submission.marks import marker, release_marker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from podium.records import Check

pytestmark = pytest.mark.world

HOME = "paiml/model"
LABELS = ["self-hosted", "Linux", "X64", "gpu"]
RUNNERS = [Runner(name="big", labels=[*LABELS, "cpu"])]


def config(**submit: Any) -> Config:
    sections = {
        "model": {"org": "acme", "model": "Tiny-1", "user": "ann", "checkpoint": "c"},
        "submit": {
            "fork": FORK,
            "upstream": LEADERBOARD,
            "reviewers": ["reviewer"],
            "labels": ["submission"],
            **submit,
        },
    }
    return msgspec.convert(sections, Config)


def world(*, bot: dict[str, Any] | None = None, fork: dict[str, Any] | None = None, **home: Any) -> World:
    """A fork, the model's repository with a runner, and a passer-by who may only read."""
    there = default_world()
    users = [msgspec.structs.replace(BOT, **bot or {}), REVIEWER, User(login="passer-by", token="standin-passer-by")]
    repositories = [
        there.repositories[0],
        msgspec.structs.replace(there.repositories[1], **fork or {}),
        Repository(**{"full_name": HOME, "writers": [BOT.login], "files": {"a": "b"}, "runners": RUNNERS, **home}),
    ]
    return msgspec.structs.replace(there, users=users, repositories=repositories)


@pytest.fixture
def look(tmp_path: Path) -> Iterator[Any]:
    """Run the preflight against a world; returns the checks by name."""
    opened: list[Any] = []

    def ask(settings: Config, seen: World, *, tag: str = "", home: str = HOME, faults: Any = ()) -> dict[str, Check]:
        with Standin(tmp_path / "standin", seen, faults=faults) as standin:
            client = build_github({"GITHUB_API_URL": standin.github_url, "PODIUM_FORK_TOKEN": BOT.token})
            opened.append(client)
            there = Inspection(client, home) if home else None
            checks = list(check_github(settings, Inspection(client, settings.submit.fork), there, tag))
            assert [request for request in standin.requests if request.method != "GET"] == []
        return {check.name: check for check in checks}

    yield ask
    for client in opened:
        client.close()


def test_a_good_world_passes_and_names_what_it_saw(look: Any) -> None:
    checks = look(config(), world())
    assert [name for name, check in checks.items() if not check.ok] == []
    assert "podium-bot may write to" in checks["github, fork"].saw
    assert checks["github, label submission"].saw == "there"
    assert checks["github, reviewer reviewer"].saw == "may write"
    assert "big with self-hosted" in checks["github, runners for generate"].saw
    assert "github, runners for convert" not in checks


@pytest.mark.parametrize(
    ("submit", "changes", "name", "part"),
    [
        ({"fork": "paiml/gone"}, {}, "github, fork-missing", "--create-fork"),
        ({"upstream": HOME}, {}, "github, fork-unrelated", "is no fork of"),
        ({}, {"fork": {"archived": True}}, "github, fork-archived", "unarchive"),
        ({}, {"fork": {"writers": []}}, "github, fork-read-only", "write access"),
        ({"base": "gone"}, {}, "github, fork-base-missing", "--base"),
        ({}, {"bot": {"scopes": ["gist"]}}, "github, token-scope", "public_repo"),
        ({}, {"bot": {"budget": 3}}, "github, api-budget", "minutes"),
        ({"reviewers": ["passer-by"]}, {}, "github, reviewer passer-by", "may only read"),
        ({"reviewers": [BOT.login]}, {}, f"github, reviewer {BOT.login}", "nobody reviews"),
        ({}, {"runners": []}, "github, runners for generate", "register one"),
        (
            {},
            {"runners": [msgspec.structs.replace(RUNNERS[0], online=False)]},
            "github, runners for execute",
            "is offline",
        ),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(
    look: Any, submit: dict[str, Any], changes: dict[str, Any], name: str, part: str
) -> None:
    checks = look(config(**submit), world(**changes))
    assert not checks[name].ok
    assert part in checks[name].saw


def test_a_label_that_is_not_there_is_told_and_is_no_fault(look: Any) -> None:
    check = look(config(), world(fork={"labels": ["bug"]}))["github, label submission"]
    assert check.ok
    assert "not there yet" in check.saw


def test_a_reviewer_who_does_not_exist_is_told(look: Any) -> None:
    gone = Fault(method="GET", path="/collaborators/nobody/permission", status=404, body={"message": "Not Found"})
    check = look(config(reviewers=["nobody"]), world(), faults=[gone])["github, reviewer nobody"]
    assert not check.ok
    assert "no such account" in check.saw


def test_what_the_token_may_not_see_is_no_fault(look: Any) -> None:
    forbidden = {"message": "Resource not accessible by personal access token"}
    faults = [
        Fault(method="GET", path=path, status=403, body=forbidden, times=9)
        for path in ("/actions/runners", "/collaborators/reviewer/permission")
    ]
    checks = look(config(), world(), faults=faults)
    assert [name for name, check in checks.items() if not check.ok] == []
    assert "cannot be told" in checks["github, runners for generate"].saw
    assert "may not look up" in checks["github, reviewer reviewer"].saw


def test_runners_that_an_organisation_shares_count(look: Any) -> None:
    shared = {"name": "org-gpu", "status": "online", "labels": [{"name": label} for label in [*LABELS, "cpu"]]}
    body = {"total_count": 1, "runners": [shared]}
    faults = [Fault(method="GET", path="/orgs/paiml/actions/runners", status=200, body=body)]
    checks = look(config(), world(runners=[]), faults=faults)
    assert "org-gpu" in checks["github, runners for generate"].saw


def test_without_a_repository_runners_are_not_asked_and_it_says_how(look: Any) -> None:
    check = look(config(), world(), home="")["github, runners"]
    assert check.ok
    assert "--repository OWNER/REPO" in check.saw


@pytest.mark.parametrize(("tag", "ok"), [("v3", True), ("v2", True), ("v1", False), ("nightly", False)])
def test_a_tag_is_held_against_what_the_fork_holds(look: Any, tmp_path: Path, tag: str, ok: bool) -> None:
    with Standin(tmp_path / "standin", world()) as standin:
        branch = "podium/acme_Tiny-1_ann"
        standin.commit(FORK, {"x": "y"}, branch=branch)
        client = build_github({"GITHUB_API_URL": standin.github_url, "PODIUM_FORK_TOKEN": BOT.token})
        text = f"{marker('0' * 64)}\n{release_marker('v2')}\n"
        client.get_repo(FORK).create_pull(base="main", head=branch, title="Tiny-1", body=text)
        client.close()
    check = look(config(), world(), tag=tag)["github, releases"]
    assert check.ok is ok
    assert "v2" in check.saw


def test_no_answer_is_one_line(look: Any) -> None:
    checks = look(config(), world(), faults=[Fault(path="/user$", status=401, body={"message": "Bad"}, times=9)])
    assert [(name, check.ok) for name, check in checks.items()] == [("github", False)]
    assert "PODIUM_FORK_TOKEN" in checks["github"].saw
