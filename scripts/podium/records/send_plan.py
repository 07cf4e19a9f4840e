"""What `--plan-only` prints: everything that would be sent."""

from __future__ import annotations

from typing import Annotated

import msgspec

from podium.records.digests import FileDigest
from podium.records.values import (
    Count,
    Part,
    Record,
    SendOutcome,
    Sha256,
)


class PlannedCall(Part, frozen=True, kw_only=True):
    """A call that carries content: how much, and its SHA-256."""

    call: str
    size_bytes: Count = 0
    sha256: Sha256


class SendPlan(Record, frozen=True, kw_only=True, tag="send-plan"):
    """What `--plan-only` prints: everything that would be sent, and what would become of it at the board as it is.

    `world_sha256` stands for everything of the board that the plan was made for; `--plan` applies it to no other.
    """

    board: str
    target: str
    branch: str = ""
    title: str
    files: list[FileDigest]
    submission_sha256: Sha256
    body_sha256: Sha256
    outcome: SendOutcome
    reason: str = ""
    url: str = ""
    release: str = ""
    replaces: str = ""
    world_sha256: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?(?!\n)$")] = ""
    calls: list[str]
    steps: list[PlannedCall] = msgspec.field(default_factory=list)
    problems: list[str] = msgspec.field(default_factory=list)
