"""One thing that was looked at, in model.json, verdicts and diagnoses."""

from __future__ import annotations

from podium.records.values import (
    Part,
)


class Check(Part, frozen=True, kw_only=True):
    """One thing that was looked at, and what was seen."""

    name: str
    ok: bool
    saw: str
