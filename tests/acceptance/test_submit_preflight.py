"""Broken worlds: what stands in the way is told before anything is written, each with its own exit code and remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.acceptance.workplace import TOML, Workplace

from podium.standin.server import Standin
from podium.standin.world import BOT, FORK, LEADERBOARD, default_world

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.world

# World, environment, exit code, what the remedy names: (changes of the bot, of the fork, of the environment).
WORLDS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, str], int, str]] = {
    "no token": ({}, {}, {"PODIUM_FORK_TOKEN": ""}, 10, "set PODIUM_FORK_TOKEN"),
    "nobody answers": ({}, {}, {"GITHUB_API_URL": "http://127.0.0.1:9/api/v3"}, 11, "run the same command again"),
    "unknown token": ({}, {}, {"PODIUM_FORK_TOKEN": "revoked"}, 14, "store a new one"),
    "token without scope": ({"scopes": ["gist"]}, {}, {}, 15, "scope public_repo"),
    "no calls left": ({"budget": 3}, {}, {}, 16, "until GitHub resets the limit"),
    "no such fork": ({}, {"full_name": "paiml/other"}, {}, 17, "--create-fork"),
    "fork of something else": ({}, {"parent": None}, {}, 18, "`upstream` below [submit]"),
    "archived fork": ({}, {"archived": True}, {}, 19, "unarchive it"),
    "no base branch": ({}, {"parent": None, "default_branch": "trunk"}, {"upstream": "none"}, 20, "--base"),
}


@pytest.mark.parametrize("name", WORLDS)
def test_broken_world_ends_with_its_own_code_and_remedy(tmp_path: Path, name: str) -> None:
    bot, fork, changes, code, remedy = WORLDS[name]
    world = default_world()
    upstream, there = world.repositories
    files = {"files": {"README.md": "x"}} if "parent" in fork else {}
    repositories = [upstream, msgspec.structs.replace(there, **files, **fork)]
    users = [msgspec.structs.replace(BOT, **bot), *world.users[1:]]
    changes = dict(changes)
    named = changes.pop("upstream", LEADERBOARD)
    with Standin(
        tmp_path / "standin", msgspec.structs.replace(world, users=users, repositories=repositories)
    ) as standin:
        work = Workplace(tmp_path, standin)
        line = f'fork = "{FORK}"\nupstream = "{named}"' if named != "none" else f'fork = "{FORK}"'
        (tmp_path / "podium.toml").write_text(TOML.replace(f'fork = "{FORK}"', line))
        done = work.podium("submit", "runs/v1", **changes)
        assert (done.returncode, done.stdout) == (code, "")
        assert remedy in done.stderr.partition("what to do:")[2]
        assert "Traceback" not in done.stderr
        assert work.writes() == []


def test_every_broken_world_has_its_own_code() -> None:
    codes = [world[3] for world in WORLDS.values()]
    assert len(codes) == len(set(codes)) >= 8


def test_plan_is_written_applied_and_refused_when_stale(tmp_path: Path) -> None:
    with Standin(tmp_path / "standin", default_world()) as standin:
        work = Workplace(tmp_path, standin)
        assert work.podium("submit", "runs/v1", "--plan-only", "-o", "plan.json").returncode == 0
        standin.commit(FORK, {"README.md": "moved\n"})
        refused = work.podium("submit", "runs/v1", "--plan", "plan.json")
        assert refused.returncode == 22
        assert "--plan-only -o FILE" in refused.stderr
        assert work.writes() == []
        work.podium("submit", "runs/v1", "--plan-only", "-o", "plan.json")
        assert work.podium("submit", "runs/v1", "--plan", "plan.json").returncode == 0
        assert work.podium("submit", "runs/v1", "--withdraw").returncode == 0
        assert [pull.state for pull in standin.store.state.repositories[FORK].pulls] == ["closed"]


def test_trusted_publishing_needs_no_stored_token(tmp_path: Path) -> None:
    world = default_world()
    users = [msgspec.structs.replace(BOT, publishes=[f"spaces/{LEADERBOARD}"]), *world.users[1:]]
    with Standin(tmp_path / "standin", msgspec.structs.replace(world, users=users)) as standin:
        work = Workplace(tmp_path, standin)
        work.podium("submit", "runs/v1")
        work.approve(1)
        identity = {
            "HF_TOKEN": "",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{standin.url}/actions/id-token",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BOT.token,
        }
        done = work.podium("publish", "runs/v1", **identity)
        assert done.returncode == 0
        assert [f"{request.method} {request.path.partition('?')[0]}" for request in standin.requests].count(
            "POST /oauth/token"
        ) == 1
        refused = work.podium("publish", "runs/v1", "--space", "bigcode/other", **identity)
        assert refused.returncode == 14
        assert "trusted publisher of spaces/bigcode/other" in refused.stderr
        said = done.stdout + done.stderr + refused.stdout + refused.stderr
        assert not [secret for secret in ("hf_jwt_standin", "standin-identity", BOT.token) if secret in said]
