"""submit.json, publish.json and the receipts of boards beside the leaderboard: how sending ended."""

from __future__ import annotations

from typing import Literal

import msgspec

from podium.records.values import (
    Count,
    Record,
    SendOutcome,
    Sha256,
)


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
BESIDE = ("eval-results", "evalplus", "directory", "model")


def receipt_name(stage: str, board: str) -> str:
    """`submit.json`, `publish.json`, or `<stage>.<board>.json` for a board beside the leaderboard."""
    return f"{stage}.{board}.json" if board in BESIDE else f"{stage}.json"
