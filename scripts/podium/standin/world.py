"""Who and what the stand-in knows at its start: users with tokens, repositories and their forks, Spaces."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from podium.records import Count, Part, Record

# Becomes a folder in the state.
FullName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$")]

# An App's account ends in [bot].
Login = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[bot\])?(?!\n)$", max_length=96)]

# How a token begins that was made for an identity.
EXCHANGED = "hf_jwt_standin:"


class User(Part, frozen=True, kw_only=True):
    """An account and its token. `scopes` is None for a fine-grained token, which names no scopes in answers."""

    login: Login
    token: str
    scopes: list[str] | None = None
    hub_role: Literal["read", "write"] = "write"
    # Calls left until GitHub's limit is reset, and Hub repositories this account's jobs are trusted publishers of.
    budget: Count = 5000
    publishes: list[str] = msgspec.field(default_factory=list)
    # The one Hub repository that a token may write to; empty for all.
    reaches: str = ""


class Runner(Part, frozen=True, kw_only=True):
    """A self-hosted runner of a GitHub repository."""

    name: str
    labels: list[str]
    online: bool = True


class Repository(Part, frozen=True, kw_only=True):
    """A GitHub repository. A fork (`parent` set) without `files` begins at its parent's head."""

    full_name: FullName
    parent: str | None = None
    writers: list[str] = msgspec.field(default_factory=list)
    files: dict[str, str] = msgspec.field(default_factory=dict)
    default_branch: str = "main"
    archived: bool = False
    # Names it had before, from which GitHub leads on; and the labels that exist (any name without a list).
    former_names: list[FullName] = msgspec.field(default_factory=list)
    labels: list[str] | None = None
    is_private: bool = False
    is_over_quota: bool = False
    runners: list[Runner] = msgspec.field(default_factory=list)


class Space(Part, frozen=True, kw_only=True):
    """A Hub repository; a Space unless `kind` says otherwise. Files of a gated one are for its `readers` alone."""

    id: FullName
    kind: Literal["model", "dataset", "space"] = "space"
    writers: list[str] = msgspec.field(default_factory=list)
    readers: list[str] = msgspec.field(default_factory=list)
    is_private: bool = False
    is_gated: bool = False
    files: dict[str, str] = msgspec.field(default_factory=dict)
    former_names: list[FullName] = msgspec.field(default_factory=list)
    discussions: bool = True


class World(Record, frozen=True, kw_only=True, tag="world"):
    """The seed of a stand-in's state. Without `rate_limits` it answers as GitHub Enterprise does by default."""

    users: list[User] = msgspec.field(default_factory=list)
    repositories: list[Repository] = msgspec.field(default_factory=list)
    spaces: list[Space] = msgspec.field(default_factory=list)
    rate_limits: bool = True


LEADERBOARD = "bigcode/bigcode-models-leaderboard"
FORK = "paiml/bigcode-models-leaderboard"
BOT = User(login="podium-bot", token="standin-bot-token", scopes=["repo", "workflow"])  # noqa: S106
REVIEWER = User(login="reviewer", token="standin-reviewer-token", scopes=["repo"])  # noqa: S106

_README = """---
title: Big Code Models Leaderboard
sdk: gradio
---
# Big Code Models Leaderboard

A stand-in: submissions go to `community_results/ORG_MODEL_USER/`.
"""
_FILES = {"README.md": _README, "community_results/.gitkeep": "", "data/.gitkeep": ""}


def default_world() -> World:
    """The world of the plain command: a leaderboard, its fork, its Space, one bot and one reviewer."""
    return World(
        users=[BOT, REVIEWER],
        repositories=[
            Repository(full_name=LEADERBOARD, writers=["maintainer"], files=_FILES),
            Repository(full_name=FORK, parent=LEADERBOARD, writers=[BOT.login, REVIEWER.login]),
        ],
        spaces=[Space(id=LEADERBOARD, writers=["maintainer"], files=_FILES)],
    )
