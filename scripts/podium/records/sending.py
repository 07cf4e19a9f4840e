"""submission.json, send plans and receipts: what goes to a board, and how sending it ended."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from podium.records.plan import FileDigest, Release
from podium.records.values import Count, Part, Record, SendOutcome, Sha256


class Submission(Record, frozen=True, kw_only=True, tag="submission"):
    """submission.json: the folder that goes to the board, file by file, and the digest that is approved."""

    release: Release
    profile: str
    title: str
    folder: str
    files: list[FileDigest]
    sha256: Sha256
    body_sha256: Sha256


class Receipt(Record, frozen=True, kw_only=True, tag="receipt"):
    """submit.json / publish.json (`receipt_name`): how an outward stage ended, and where to look.

    `replaces` is the other release that the pull request held before; `notes` say what was done beside it.
    """

    stage: Literal["submit", "publish"]
    board: str
    outcome: SendOutcome
    reason: str = ""
    url: str = ""
    number: Count = 0
    branch: str = ""
    head: str = ""
    submission_sha256: Sha256
    release: str = ""
    replaces: str = ""
    notes: list[str] = msgspec.field(default_factory=list)


# Boards beside the leaderboard: their receipts must not take the place of the one that `publish` goes by.
BESIDE = ("eval-results", "evalplus", "directory")


def receipt_name(stage: str, board: str) -> str:
    """`submit.json`, `publish.json`, or `<stage>.<board>.json` for a board beside the leaderboard."""
    return f"{stage}.{board}.json" if board in BESIDE else f"{stage}.json"


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
